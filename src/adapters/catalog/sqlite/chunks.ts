import type { DatabaseSync } from 'node:sqlite';
import type { Catalog } from '../../../core/documents/catalog.ts';
import type { HydratedChunk } from '../../../core/documents/document.ts';
import { chunkId, parseChunkId, type ChunkId } from '../../../core/documents/ids.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { CollectionKey } from './collections.ts';
import { query } from './database.ts';
import { headingPathReading } from './heading-path.ts';
import { documentIdOf, findBytes, versionIdOf } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

type ChunkCalls = Synchronous<Pick<Catalog, 'versionText' | 'listChunks' | 'hydrate'>>;

type HydratedRow = readonly [
  document: Uint8Array,
  title: string,
  uri: string | null,
  language: string | null,
  start: number,
  end: number,
  page: number | null,
  headingPath: string | null,
  text: string,
  line: number | null,
];

const COLUMNS =
  'v.document, v.title, v.uri, v.language, c.start, c."end", c.page, c.heading_path, c.text, c.line';

/** The calls of the catalog about texts and chunks. */
export function chunkCalls(database: DatabaseSync, key: CollectionKey): ChunkCalls {
  const text = query<readonly [string]>(
    database,
    `SELECT t.text FROM versions v JOIN version_texts t ON t.version = v.key
     WHERE v.collection = ? AND v.id = ?`,
  );
  return {
    versionText(scope, version) {
      const bytes = findBytes(version);
      return bytes === null ? null : (text.get(key(scope), bytes)?.[0] ?? null);
    },
    listChunks: listing(database, key),
    hydrate: hydration(database, key),
  };
}

function hydration(database: DatabaseSync, key: CollectionKey): ChunkCalls['hydrate'] {
  const find = query<HydratedRow>(
    database,
    `SELECT ${COLUMNS} FROM versions v JOIN chunks c ON c.key = v.key * ${CHUNKS_PER_VERSION} + ?
     WHERE v.collection = ? AND v.id = ?`,
  );
  const toChunk = hydratedReading();
  const hydrateOne = (collection: number, id: ChunkId): HydratedChunk | null => {
    const place = parseChunkId(id);
    // A larger ordinal would be a chunk of another version.
    if (place === null || place.ordinal >= CHUNKS_PER_VERSION) return null;
    const row = find.get(place.ordinal, collection, Buffer.from(place.version, 'hex'));
    return row === null ? null : toChunk(row, { id, ...place });
  };
  return (scope, ids) => {
    const collection = key(scope);
    return ids.map((id) => (collection === null ? null : hydrateOne(collection, id)));
  };
}

function listing(database: DatabaseSync, key: CollectionKey): ChunkCalls['listChunks'] {
  const find = query<readonly [key: number, id: Uint8Array]>(
    database,
    `SELECT v.key, v.id FROM documents d JOIN versions v ON v.key = d.version
     WHERE d.collection = ? AND d.id = ?`,
  );
  const list = query<readonly [...HydratedRow, key: number]>(
    database,
    `SELECT ${COLUMNS}, c.key FROM versions v JOIN chunks c WHERE v.collection = ? AND v.key = ?
     AND c.key > ? AND c.key < ? ORDER BY c.key LIMIT ?`,
  );
  const toChunk = hydratedReading();

  return (scope, id, { limit, cursor }) => {
    const after = cursor === null ? -1 : decodeOrdinal(cursor);
    const collection = key(scope);
    const bytes = findBytes(id);
    const found = bytes === null ? null : find.get(collection, bytes);
    if (found === null) return { items: [], nextCursor: null };
    const [versionKey, versionBytes] = found;
    const version = versionIdOf(versionBytes);
    const first = versionKey * CHUNKS_PER_VERSION;
    const rows = list.all(collection, versionKey, first + after, first + CHUNKS_PER_VERSION, limit + 1);
    const items = rows.slice(0, limit).map(([...row]) => {
      const ordinal = Number(row.pop()) - first;
      return toChunk(row as unknown as HydratedRow, { id: chunkId(version, ordinal), version, ordinal });
    });
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last === undefined ? null : encodeCursor('chunks', `${last.ordinal}`) };
  };
}

function decodeOrdinal(cursor: string): number {
  const ordinal = decodeCursor('chunks', cursor);
  if (/^\d{1,7}$/.test(ordinal)) return Number(ordinal);
  throw new HoldfastError('invalid_cursor', `"${cursor.slice(0, 100)}" is not a cursor of a list of chunks.`);
}

type ChunkPlace = Pick<HydratedChunk, 'id' | 'version' | 'ordinal'>;

function hydratedReading(): (row: HydratedRow, place: ChunkPlace) => HydratedChunk {
  const readHeadingPath = headingPathReading();
  return (row, { id, version, ordinal }) => {
    const [document, title, uri, language, start, end, page, path, text, line] = row;
    const headingPath = readHeadingPath(path);
    const documentId = documentIdOf(document);
    const shown = { title, uri, language, start, end, page, headingPath, text };
    return { id, documentId, version, ordinal, ...shown, ...(line === null ? {} : { line }) };
  };
}
