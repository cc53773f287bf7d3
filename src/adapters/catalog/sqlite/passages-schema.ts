/** What an encoding was made of, so that the same passage is embedded once. Older rows are of no known one. */
export const PASSAGES_MIGRATION = `
  ALTER TABLE encodings ADD COLUMN passage BLOB;
  CREATE INDEX encodings_of_passage ON encodings (encoder, passage) WHERE passage IS NOT NULL;
`;
