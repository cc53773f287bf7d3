/** Originals of small documents. */
export const SMALL_BLOBS_MIGRATION = `
  CREATE TABLE small_blobs (hash BLOB NOT NULL UNIQUE, packed BLOB NOT NULL) STRICT;
`;
