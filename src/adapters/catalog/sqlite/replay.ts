import type { DatabaseSync } from 'node:sqlite';
import type { Catalog, IndexableVersion } from '../../../core/documents/catalog.ts';
import type { Format, Metadata } from '../../../core/documents/document.ts';
import { transaction, query } from './database.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { headingPathReading } from './heading-path.ts';
import { documentIdOf, versionIdOf } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

/** How much one step of `versionsSince` holds: about this many chunks, at most this many documents. */
const CHUNKS_PER_STEP = 1024;
const DOCUMENTS_PER_STEP = 256;

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

/** Reads the searchable versions of a collection in steps. */
export function replaySteps(
  database: DatabaseSync,
): (collection: number | null, after: ReplayPlace) => ReplayStep {
  const documents = query<VersionRow>(
    database,
    `SELECT d.key, d.sequence, v.key, v.id, v.document, v.title, v.uri, v.format, v.language, v.metadata,
       d.chunk_count
     FROM documents d JOIN versions v ON v.key = d.version
     WHERE d.collection = ? AND d.version IS NOT NULL AND (d.sequence, d.key) > (?, ?)
     ORDER BY d.sequence, d.key LIMIT ${DOCUMENTS_PER_STEP}`,
  );
  const readChunks = chunkReading(database);

  return (collection, after) => {
    const versions: IndexableVersion[] = [];
    let next: ReplayPlace | null = null;
    let chunks = 0;
    for (const row of documents.all(collection, after.sequence, after.documentKey)) {
      versions.push(toVersion(row, readChunks(row[2])));
      next = { sequence: row[1], documentKey: row[0] };
      chunks += row[10];
      if (chunks >= CHUNKS_PER_STEP) break;
    }
    return { versions, next };
  };
}

function chunkReading(database: DatabaseSync): (version: number) => IndexableVersion['chunks'] {
  const chunks = query<ChunkRow>(
    database,
    `SELECT key, start, "end", page, heading_path, scale, vector, text FROM chunks
     WHERE key >= ? AND key < ? ORDER BY key`,
  );
  const readHeadingPath = headingPathReading();
  return (version) => {
    const first = version * CHUNKS_PER_VERSION;
    return chunks.all(first, first + CHUNKS_PER_VERSION).map((row) => {
      const [key, start, end, page, path, scale, bytes, text] = row;
      const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const headingPath = readHeadingPath(path);
      return { ordinal: key - first, start, end, page, headingPath, text, vector: { scale, values } };
    });
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
