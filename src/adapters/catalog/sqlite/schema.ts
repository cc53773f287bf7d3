import type { DatabaseSync } from 'node:sqlite';
import { HoldfastError } from '../../../core/errors.ts';
import { GENERATIONS_MIGRATION } from './generations-schema.ts';
import { JOBS_MIGRATION } from './jobs/schema.ts';
import { PASSAGES_MIGRATION } from './passages-schema.ts';
import { sketchFunction, SKETCHES_MIGRATION } from './sketches-schema.ts';
import { SMALL_BLOBS_MIGRATION } from './small-blobs-schema.ts';

/** "Hold" in ASCII: marks the file as a catalog of Holdfast. */
const APPLICATION_ID = 0x486f6c64;

/**
 * A chunk's key is its version's key times this plus its ordinal, so that the chunks of a version lie side by
 * side and new versions are appended. Leaves room for 2^33 versions in an exact JavaScript number.
 */
export const CHUNKS_PER_VERSION = 2 ** 20;

/**
 * Every row below a collection carries the collection's integer key, and every statement asks for it; the key
 * comes from tenant and name and is never used twice. Times are milliseconds since the epoch, ids are 16 bytes.
 * `versions` repeats title, metadata and so on, because a failed update changes those of the document only.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, probed_at INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (1, 0, 0);

  CREATE TABLE collections (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    description TEXT NOT NULL,
    generation TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL DEFAULT 0,
    removals_from INTEGER NOT NULL,
    total INTEGER NOT NULL DEFAULT 0,
    ready INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, name)
  ) STRICT;

  CREATE TABLE documents (
    key INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections (key),
    id BLOB NOT NULL,
    source_key TEXT NOT NULL,
    origin TEXT NOT NULL,
    item TEXT NOT NULL,
    version INTEGER,
    state TEXT NOT NULL,
    problem_code TEXT,
    problem_reason TEXT,
    title TEXT NOT NULL,
    uri TEXT,
    format TEXT,
    language TEXT,
    metadata TEXT NOT NULL,
    content_hash TEXT,
    size_bytes INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (collection, id),
    UNIQUE (collection, source_key)
  ) STRICT;
  CREATE INDEX documents_item ON documents (collection, item);
  CREATE INDEX documents_unready ON documents (collection, state, source_key) WHERE state <> 'ready';
  CREATE INDEX documents_searchable ON documents (collection, sequence) WHERE version IS NOT NULL;
  CREATE INDEX documents_content ON documents (substr(content_hash, 1, 12)) WHERE content_hash IS NOT NULL;

  CREATE TABLE versions (
    key INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections (key),
    id BLOB NOT NULL,
    document BLOB NOT NULL,
    generation TEXT NOT NULL,
    title TEXT NOT NULL,
    uri TEXT,
    format TEXT,
    language TEXT,
    metadata TEXT NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
  CREATE TABLE version_texts (version INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE chunks (
    key INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    page INTEGER,
    heading_path TEXT,
    scale REAL NOT NULL,
    vector BLOB NOT NULL,
    text TEXT NOT NULL
  ) STRICT;

  CREATE TABLE removals (
    collection INTEGER NOT NULL REFERENCES collections (key),
    sequence INTEGER NOT NULL,
    version BLOB NOT NULL,
    PRIMARY KEY (collection, sequence, version)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE INDEX versions_in_order ON versions (collection);

  CREATE TABLE encoders (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections (key),
    model TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    encoded INTEGER NOT NULL DEFAULT 0,
    complete_below INTEGER NOT NULL DEFAULT 0,
    UNIQUE (collection, model)
  ) STRICT;
  CREATE TABLE encodings (
    chunk INTEGER NOT NULL,
    encoder INTEGER NOT NULL,
    scale REAL NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (chunk, encoder)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER encoding_comes AFTER INSERT ON encodings BEGIN
    UPDATE encoders SET encoded = encoded + 1 WHERE key = new.encoder;
  END;
  CREATE TRIGGER encoding_goes AFTER DELETE ON encodings BEGIN
    UPDATE encoders SET encoded = encoded - 1 WHERE key = old.encoder;
  END;
  -- The key of a version that went may be given to a new one.
  CREATE TRIGGER version_comes AFTER INSERT ON versions BEGIN
    UPDATE encoders SET complete_below = new.key WHERE collection = new.collection AND complete_below > new.key;
  END;
  `,
  GENERATIONS_MIGRATION,
  JOBS_MIGRATION,
  SKETCHES_MIGRATION,
  'ALTER TABLE documents ADD COLUMN given_language TEXT;',
  'ALTER TABLE generations ADD COLUMN embedder TEXT;',
  PASSAGES_MIGRATION,
  'ALTER TABLE chunks ADD COLUMN line INTEGER;',
  SMALL_BLOBS_MIGRATION,
  'ALTER TABLE documents ADD COLUMN stamp TEXT;',
];

/**
 * Brings the schema to the newest version in one transaction. Forward only.
 * @throws HoldfastError `data_folder_too_new`; `storage_failed` for a file that is not a catalog.
 */
export function migrate(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version');
  if (version > MIGRATIONS.length) {
    throw new HoldfastError(
      'data_folder_too_new',
      `${path} has schema version ${version}; this Holdfast knows versions up to ${MIGRATIONS.length}.`,
    );
  }
  const application = pragma(database, 'application_id');
  if (application !== APPLICATION_ID && !(application === 0 && isEmpty(database))) {
    throw new HoldfastError('storage_failed', `${path} is a SQLite file, but not a catalog of Holdfast.`);
  }
  if (version === MIGRATIONS.length) return;
  sketchFunction(database);
  const statements = MIGRATIONS.slice(version).join('');
  try {
    database.exec(`BEGIN IMMEDIATE; ${statements}
      PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT;`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
