import type { DatabaseSync } from 'node:sqlite';
import type { Catalog, IndexableChunks, IndexableVersion } from '../../../core/documents/catalog.ts';
import type { Format, Metadata } from '../../../core/documents/document.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { query, storageError, transaction } from './database.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { headingPathReading } from './heading-path.ts';
import { documentIdOf, versionIdOf } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

/** How much one step of `versionsSince` holds: about this many chunks, at most this many documents. */
const CHUNKS_PER_STEP = 1024;
const DOCUMENTS_PER_STEP = 256;
/** Of a version with more chunks than a step holds, so many are in memory at a time. */
const CHUNKS_AT_A_TIME = 128;

type ReplayCalls = Synchronous<Pick<Catalog, 'removedSince' | 'pruneRemovals' | 'lastSequence'>>;

/** The calls of the catalog that tell an index what it missed, but for `versionsSince`. */
export function replayCalls(database: DatabaseSync, key: CollectionKey): ReplayCalls {
  const last = query<readonly [number]>(database, 'SELECT sequence FROM collections WHERE key = ?');
  const from = query<readonly [number]>(database, 'SELECT removals_from FROM collections WHERE key = ?');
  const removed = query<readonly [Uint8Array]>(
    database,
    `SELECT DISTINCT r.version FROM removals r WHERE r.collection = ?1 AND r.sequence > ?2
     AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.collection = ?1 AND v.id = r.version)`,
  );
  const prune = database.prepare('DELETE FROM removals WHERE collection = ? AND sequence <= ?');
  const raise = database.prepare(
    'UPDATE collections SET removals_from = max(removals_from, min(?, sequence)) WHERE key = ?',
  );

  return {
    lastSequence: (scope) => last.get(key(scope))?.[0] ?? 0,
    removedSince(scope, sequence) {
      const collection = key(scope);
      const isKnown = sequence === 0 || sequence >= (from.get(collection)?.[0] ?? Number.POSITIVE_INFINITY);
      return isKnown ? removed.all(collection, sequence).map(([id]) => versionIdOf(id)) : null;
    },
    pruneRemovals(scope, upTo) {
      transaction(database, () => {
        const collection = requireCollection(key, scope);
        prune.run(collection, upTo);
        raise.run(upTo, collection);
      });
    },
  };
}

type VersionRow = readonly [
  documentKey: number,
  sequence: number,
  versionKey: number,
  version: Uint8Array,
  document: Uint8Array,
  title: string,
  uri: string | null,
  format: Format | null,
  language: string | null,
  metadata: string,
  chunkCount: number,
];

type ChunkRow = readonly [
  key: number,
  start: number,
  end: number,
  page: number | null,
  headingPath: string | null,
  scale: number,
  vector: Uint8Array,
  text: string,
];

/** One step of a replay: what was read at one moment, and where the next step goes on; null at the end. */
interface ReplayStep {
  readonly versions: readonly IndexableVersion[];
  readonly next: ReplayPlace | null;
}

/** Where a replay stands: after this document in the order of (sequence, key). */
export interface ReplayPlace {
  readonly sequence: number;
  readonly documentKey: number;
}

/** Reads the searchable versions of a collection in steps. `path` names the file in errors. */
export function replaySteps(
  database: DatabaseSync,
  path: string,
): (collection: number | null, after: ReplayPlace) => ReplayStep {
  const documents = query<VersionRow>(
    database,
    `SELECT d.key, d.sequence, v.key, v.id, v.document, v.title, v.uri, v.format, v.language, v.metadata,
       d.chunk_count
     FROM documents d JOIN versions v ON v.key = d.version
     WHERE d.collection = ? AND d.version IS NOT NULL AND (d.sequence, d.key) > (?, ?)
     ORDER BY d.sequence, d.key LIMIT ${DOCUMENTS_PER_STEP}`,
  );
  const readChunks = chunkReading(database, path);

  return (collection, after) => {
    const versions: IndexableVersion[] = [];
    let next: ReplayPlace | null = null;
    let chunks = 0;
    for (const row of documents.all(collection, after.sequence, after.documentKey)) {
      versions.push(toVersion(row, readChunks(row[2], row[10])));
      next = { sequence: row[1], documentKey: row[0] };
      chunks += row[10];
      if (chunks >= CHUNKS_PER_STEP) break;
    }
    return { versions, next };
  };
}

type ReadChunks = (version: number, count: number) => IndexableChunks;
type IndexableChunk = IndexableChunks extends Iterable<infer One> ? One : never;

function chunkReading(database: DatabaseSync, path: string): ReadChunks {
  const chunks = query<ChunkRow>(
    database,
    `SELECT key, start, "end", page, heading_path, scale, vector, text FROM chunks
     WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
  );
  const toChunk = indexableReading();
  /** Those of the version from an ordinal on. */
  const read = (version: number, from: number, limit: number): IndexableChunk[] => {
    const first = version * CHUNKS_PER_VERSION;
    return chunks
      .all(first + from, first + CHUNKS_PER_VERSION, limit)
      .map((row) => toChunk(row, row[0] - first));
  };
  return (version, count) => {
    if (count <= CHUNKS_PER_STEP) return read(version, 0, CHUNKS_PER_STEP);
    return {
      length: count,
      *[Symbol.iterator]() {
        for (let at = 0; at < count; at += CHUNKS_AT_A_TIME)
          yield* someOf(() => read(version, at, Math.min(CHUNKS_AT_A_TIME, count - at)), path);
      },
    };
  };
}

/** Some of a version's chunks. None are there once the version is gone: its rows go in one transaction. */
function someOf(read: () => IndexableChunk[], path: string): IndexableChunk[] {
  let chunks: IndexableChunk[];
  try {
    chunks = read();
  } catch (error) {
    throw storageError(error, path);
  }
  if (chunks.length > 0) return chunks;
  throw new HoldfastError('storage_failed', `A version was deleted from ${path} while its chunks were read`);
}

function indexableReading(): (row: ChunkRow, ordinal: number) => IndexableChunk {
  const readHeadingPath = headingPathReading();
  return ([, start, end, page, path, scale, bytes, text], ordinal) => {
    const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const headingPath = readHeadingPath(path);
    return { ordinal, start, end, page, headingPath, text, vector: { scale, values } };
  };
}

function toVersion(row: VersionRow, chunks: IndexableVersion['chunks']): IndexableVersion {
  const [, sequence, , version, document, title, uri, format, language, metadata] = row;
  const documentId = documentIdOf(document);
  return {
    version: versionIdOf(version),
    documentId,
    sequence,
    title,
    language,
    fields: {
      ...(JSON.parse(metadata) as Metadata),
      title,
      document_id: documentId,
      ...(uri === null ? {} : { uri }),
      ...(format === null ? {} : { format }),
    },
    chunks,
  };
}
