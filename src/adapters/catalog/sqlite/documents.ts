import type { DatabaseSync } from 'node:sqlite';
import type { Catalog, KnownItem } from '../../../core/documents/catalog.ts';
import type {
  DocumentOrigin,
  DocumentProblem,
  DocumentRecord,
  DocumentState,
  Format,
  Metadata,
} from '../../../core/documents/document.ts';
import type { GenerationId } from '../../../core/documents/ids.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { CollectionKey } from './collections.ts';
import { query } from './database.ts';
import { documentIdOf, findBytes, versionIdOf } from './ids.ts';
import type { Synchronous } from './synchronous.ts';

type DocumentCalls = Synchronous<Pick<Catalog, 'getDocument' | 'listDocuments' | 'knownItems'>>;

type DocumentRow = readonly [
  id: Uint8Array,
  sourceKey: string,
  origin: DocumentOrigin,
  item: string,
  version: Uint8Array | null,
  state: DocumentState,
  problemCode: DocumentProblem['code'] | null,
  problemReason: string | null,
  title: string,
  uri: string | null,
  format: Format | null,
  language: string | null,
  metadata: string,
  contentHash: string | null,
  sizeBytes: number,
  chunkCount: number,
  sequence: number,
  createdAt: number,
  updatedAt: number,
];

const SELECT = `SELECT d.id, d.source_key, d.origin, d.item, v.id, d.state, d.problem_code, d.problem_reason,
  d.title, d.uri, d.format, d.language, d.metadata, d.content_hash, d.size_bytes, d.chunk_count, d.sequence,
  d.created_at, d.updated_at FROM documents d LEFT JOIN versions v ON v.key = d.version WHERE d.collection = ?`;

/** The calls of the catalog about documents. */
export function documentCalls(database: DatabaseSync, key: CollectionKey): DocumentCalls {
  return {
    getDocument: getting(database, key),
    listDocuments: listing(database, key),
    knownItems: knowing(database, key),
  };
}

function getting(database: DatabaseSync, key: CollectionKey): DocumentCalls['getDocument'] {
  const get = query<DocumentRow>(database, `${SELECT} AND d.id = ?`);
  return (scope, id) => {
    const bytes = findBytes(id);
    const row = bytes === null ? null : get.get(key(scope), bytes);
    return row === null ? null : toRecord(row);
  };
}

function listing(database: DatabaseSync, key: CollectionKey): DocumentCalls['listDocuments'] {
  const order = 'AND d.source_key > ? ORDER BY d.source_key LIMIT ?';
  const list = query<DocumentRow>(database, `${SELECT} ${order}`);
  const listReady = query<DocumentRow>(database, `${SELECT} AND d.state = 'ready' ${order}`);
  // Says `<> 'ready'` again so that SQLite uses the partial index `documents_unready`.
  const listState = query<DocumentRow>(database, `${SELECT} AND d.state <> 'ready' AND d.state = ? ${order}`);

  return (scope, { state, limit, cursor }) => {
    const collection = key(scope);
    const after = cursor === null ? '' : decodeCursor('documents', cursor);
    const rows =
      state === undefined
        ? list.all(collection, after, limit + 1)
        : state === 'ready'
          ? listReady.all(collection, after, limit + 1)
          : listState.all(collection, state, after, limit + 1);
    const items = rows.slice(0, limit).map(toRecord);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last === undefined ? null : encodeCursor('documents', last.sourceKey) };
  };
}

type KnownRow = readonly [
  item: string,
  id: Uint8Array,
  state: DocumentState,
  contentHash: string | null,
  generation: GenerationId | null,
];

function knowing(database: DatabaseSync, key: CollectionKey): DocumentCalls['knownItems'] {
  const select = `SELECT d.item, d.id, d.state, d.content_hash, v.generation
    FROM documents d LEFT JOIN versions v ON v.key = d.version WHERE d.collection = ? AND d.origin = ?`;
  const self = query<KnownRow>(database, `${select} AND d.item = ?`);
  // "0" is the character after "/".
  const below = query<KnownRow>(
    database,
    `${select} AND d.item >= ? || '/' AND d.item < ? || '0' ORDER BY d.item`,
  );

  return (scope, origin, prefix) => {
    const collection = key(scope);
    const rows = [...self.all(collection, origin, prefix), ...below.all(collection, origin, prefix, prefix)];
    const items = Map.groupBy(rows, ([item]) => item);
    return [...items].map(([item, members]) => toKnownItem(item, members));
  };
}

function toKnownItem(item: string, rows: readonly KnownRow[]): KnownItem {
  const generations = rows.map((row) => row[4]).filter((generation) => generation !== null);
  return {
    item,
    contentHash: common(rows.map((row) => row[3])),
    generation: common(generations),
    documents: rows.map(([, id, state]) => ({ id: documentIdOf(id), state })),
  };
}

/** The value that all have, or null. */
function common<T>(values: readonly (T | null)[]): T | null {
  const first = values[0] ?? null;
  return values.every((value) => value === first) ? first : null;
}

function toRecord(row: DocumentRow): DocumentRecord {
  const [id, sourceKey, origin, item, version, state, problemCode, problemReason, ...shown] = row;
  const [title, uri, format, language, metadata, contentHash, sizeBytes, chunkCount, sequence, ...times] =
    shown;
  const [createdAt, updatedAt] = times;
  return {
    id: documentIdOf(id),
    sourceKey,
    origin,
    item,
    version: version === null ? null : versionIdOf(version),
    state,
    problem: problemCode === null ? null : { code: problemCode, reason: problemReason ?? '' },
    title,
    uri,
    format,
    language,
    metadata: JSON.parse(metadata) as Metadata,
    contentHash,
    sizeBytes,
    chunkCount,
    sequence,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}
