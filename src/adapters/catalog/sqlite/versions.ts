import type { DatabaseSync } from 'node:sqlite';
import type { DocumentDraft } from '../../../core/documents/catalog.ts';
import type { PreparedVersion } from '../../../core/documents/document.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { packBlocks } from './blocks.ts';
import { query } from './database.ts';
import { idBytes } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';

/** Where and when a version comes or goes: the collection's key and the commit's sequence number. */
export interface Place {
  readonly collection: number;
  readonly sequence: number;
}

/** Deletes a version that is searchable no more and remembers that it went. */
export function versionForgetting(
  database: DatabaseSync,
): (place: Place, version: { readonly key: number; readonly id: Uint8Array }) => void {
  const remember = database.prepare(
    'INSERT OR IGNORE INTO removals (collection, sequence, version) VALUES (?, ?, ?)',
  );
  const removeRow = database.prepare('DELETE FROM versions WHERE collection = ? AND key = ?');
  const removeContents = contentRemoval(database);
  return (place, version) => {
    remember.run(place.collection, place.sequence, version.id);
    removeContents(version.key, version.key);
    removeRow.run(place.collection, version.key);
  };
}

type InsertVersion = (place: Place, draft: DocumentDraft, version: PreparedVersion) => number;

/** Writes a version with its text and chunks; gives its key. */
export function versionInsertion(database: DatabaseSync): InsertVersion {
  const insertRow = query<readonly [number]>(
    database,
    `INSERT INTO versions (collection, id, document, generation, title, uri, format, language, metadata)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key`,
  );
  const insertText = database.prepare('INSERT INTO version_texts (version, text) VALUES (?, ?)');
  const insertBlocks = database.prepare('INSERT INTO version_blocks (version, blocks) VALUES (?, ?)');
  const insertSketch = database.prepare('INSERT INTO version_sketches (version, sketch) VALUES (?, ?)');
  const insertChunks = chunkInsertion(database);

  return (place, draft, version) => {
    const row = insertRow.get(
      place.collection,
      idBytes(version.id),
      idBytes(draft.id),
      version.generation,
      draft.title,
      draft.uri,
      draft.format,
      draft.language,
      JSON.stringify(draft.metadata),
    );
    const key = row?.[0] ?? 0;
    insertText.run(key, version.text);
    insertBlocks.run(key, packBlocks(version.blocks));
    if (version.sketch !== null) insertSketch.run(key, version.sketch);
    insertChunks(key, version);
    return key;
  };
}

function chunkInsertion(database: DatabaseSync): (versionKey: number, version: PreparedVersion) => void {
  const insert = database.prepare(
    `INSERT INTO chunks (key, start, "end", page, heading_path, scale, vector, text, line)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (versionKey, { id, text, chunks, vectors }) => {
    const first = versionKey * CHUNKS_PER_VERSION;
    for (const [index, chunk] of chunks.entries()) {
      const vector = vectors[index];
      if (vector === undefined || chunk.ordinal >= CHUNKS_PER_VERSION) {
        throw new HoldfastError(
          'internal_error',
          `Chunk ${chunk.ordinal} of version ${id} has no vector, or its ordinal is too large.`,
        );
      }
      const { start, end, page, headingPath, line = null } = chunk;
      const path = headingPath.length === 0 ? null : JSON.stringify(headingPath);
      const passage = text.slice(start, end);
      const key = first + chunk.ordinal;
      insert.run(key, start, end, page, path, vector.scale, vector.values, passage, line);
    }
  };
}

/** Deletes the texts, blocks, sketches, chunks and encodings of the versions with the keys `first` to `last`. */
export function contentRemoval(database: DatabaseSync): (first: number, last: number) => void {
  const chunks = database.prepare('DELETE FROM chunks WHERE key >= ? AND key < ?');
  const encodings = database.prepare('DELETE FROM encodings WHERE chunk >= ? AND chunk < ?');
  const texts = database.prepare('DELETE FROM version_texts WHERE version BETWEEN ? AND ?');
  const blocks = database.prepare('DELETE FROM version_blocks WHERE version BETWEEN ? AND ?');
  const sketches = database.prepare('DELETE FROM version_sketches WHERE version BETWEEN ? AND ?');
  return (first, last) => {
    encodings.run(first * CHUNKS_PER_VERSION, (last + 1) * CHUNKS_PER_VERSION);
    chunks.run(first * CHUNKS_PER_VERSION, (last + 1) * CHUNKS_PER_VERSION);
    texts.run(first, last);
    blocks.run(first, last);
    sketches.run(first, last);
  };
}
