/**
 * Generations beside the live one. `collections.name` is the public name for the live generation and `name@key` for
 * the others, so that the switch is an exchange of names. `departures` tells those that follow what has left.
 */
export const GENERATIONS_MIGRATION = `
  CREATE TABLE version_blocks (version INTEGER PRIMARY KEY, blocks TEXT NOT NULL) STRICT;
  CREATE INDEX documents_unversioned ON documents (collection, sequence) WHERE version IS NULL;

  CREATE TABLE generations (
    collection INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    chunk_tokens INTEGER,
    followed_sequence INTEGER NOT NULL DEFAULT 0,
    followed_key INTEGER NOT NULL DEFAULT 0,
    retired_at INTEGER,
    questions TEXT NOT NULL DEFAULT '[]',
    report TEXT,
    problem TEXT
  ) STRICT;
  CREATE INDEX generations_of_collection ON generations (tenant, name);
  CREATE TABLE departures (
    generation INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (generation, document)
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER document_departs AFTER DELETE ON documents BEGIN
    INSERT OR IGNORE INTO departures (generation, document)
    SELECT g.collection, old.id FROM collections c JOIN generations g ON g.tenant = c.tenant AND g.name = c.name
    WHERE c.key = old.collection AND g.collection <> c.key;
  END;
  CREATE TRIGGER generation_goes AFTER DELETE ON collections BEGIN
    DELETE FROM generations WHERE collection = old.key;
    DELETE FROM departures WHERE generation = old.key;
  END;
`;
