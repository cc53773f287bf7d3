import type { DatabaseSync } from 'node:sqlite';
import type {
  Chunk,
  DocumentOrigin,
  DocumentProblem,
  DocumentState,
  Format,
  Metadata,
} from '../../../core/documents/document.ts';
import type {
  FollowedDocument,
  FollowedDraft,
  Generations,
  FollowedPlace,
  StoredVersion,
} from '../../../core/documents/generations.ts';
import { publicName } from '../../../core/documents/ids.ts';
import { unpackBlocks } from './blocks.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { query, transaction } from './database.ts';
import { headingPathReading } from './heading-path.ts';
import { documentIdOf, idBytes, versionIdOf } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

type FollowCalls = Synchronous<Pick<Generations, 'unfollowed' | 'followed'>>;

type Row = readonly [
  documentKey: number,
  sequence: number,
  id: Uint8Array,
  sourceKey: string,
  origin: DocumentOrigin,
  item: string,
  version: number | null,
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
  givenLanguage: string | null,
];

const COLUMNS = `key, sequence, id, source_key, origin, item, version, state, problem_code, problem_reason,
  title, uri, format, language, metadata, content_hash, size_bytes, chunk_count, given_language`;

const DOCUMENTS_PER_STEP = 32;
const CHUNKS_PER_STEP = 256;
const DEPARTURES_PER_STEP = 1000;

/** The calls of the catalog by which a generation takes over what has changed in the live one. */
export function followCalls(database: DatabaseSync, key: CollectionKey): FollowCalls {
  const place = query<readonly [number, number]>(
    database,
    'SELECT followed_sequence, followed_key FROM generations WHERE collection = ?',
  );
  const departures = query<readonly [Uint8Array, number]>(
    database,
    `SELECT p.document, EXISTS (SELECT 1 FROM documents d WHERE d.collection = ?2 AND d.id = p.document)
     FROM departures p WHERE p.generation = ?1 LIMIT ${DEPARTURES_PER_STEP}`,
  );
  const move = database.prepare(
    'UPDATE generations SET followed_sequence = ?, followed_key = ?, problem = NULL WHERE collection = ?',
  );
  const forget = database.prepare('DELETE FROM departures WHERE generation = ? AND document = ?');
  const readDocuments = documentReading(database);

  return {
    unfollowed(scope) {
      const generation = requireCollection(key, scope);
      const live = requireCollection(key, { ...scope, collection: publicName(scope.collection) });
      const [sequence, documentKey] = place.get(generation) ?? [0, 0];
      const departed = departures.all(generation, live).map(([id, isBack]) => ({
        id: documentIdOf(id),
        isBack: isBack === 1,
      }));
      const step = readDocuments(live, { sequence, documentKey });
      return { ...step, departed, isLast: step.isLast && departed.length < DEPARTURES_PER_STEP };
    },
    followed(scope, step) {
      transaction(database, () => {
        const generation = requireCollection(key, scope);
        move.run(step.place.sequence, step.place.documentKey, generation);
        for (const { id } of step.departed) forget.run(generation, idBytes(id));
      });
    },
  };
}

interface DocumentStep {
  readonly documents: readonly FollowedDocument[];
  readonly place: FollowedPlace;
  readonly isLast: boolean;
}

function documentReading(database: DatabaseSync): (live: number, after: FollowedPlace) => DocumentStep {
  // Two partial indexes hold the order; each arm says again which one it is.
  const arm = (version: string): string =>
    `SELECT * FROM (SELECT ${COLUMNS} FROM documents WHERE collection = ?1 AND version ${version}
     AND (sequence, key) > (?2, ?3) ORDER BY sequence, key LIMIT ${DOCUMENTS_PER_STEP})`;
  const next = query<Row>(
    database,
    `${arm('IS NOT NULL')} UNION ALL ${arm('IS NULL')} ORDER BY sequence, key LIMIT ${DOCUMENTS_PER_STEP}`,
  );
  const readVersion = versionReading(database);

  return (live, after) => {
    const documents: FollowedDocument[] = [];
    let place = after;
    let chunks = 0;
    let taken = 0;
    const rows = next.all(live, after.sequence, after.documentKey);
    for (const row of rows) {
      const draft = draftOf(row);
      if (draft !== null)
        documents.push({ draft, stored: row[6] === null ? null : readVersion(live, row[6]) });
      place = { sequence: row[1], documentKey: row[0] };
      chunks += row[17];
      taken++;
      if (chunks >= CHUNKS_PER_STEP) break;
    }
    return { documents, place, isLast: taken === rows.length && rows.length < DOCUMENTS_PER_STEP };
  };
}

/** Null for a document that is only waiting to be taken in: it comes again when it has been. */
function draftOf(row: Row): FollowedDraft | null {
  const [, , id, sourceKey, origin, item, , state, problemCode, problemReason, title, uri, ...shown] = row;
  if (state !== 'ready' && state !== 'failed' && state !== 'skipped') return null;
  const [format, language, metadata, contentHash, sizeBytes, , givenLanguage] = shown;
  return {
    id: documentIdOf(id),
    sourceKey,
    origin,
    item,
    state,
    problem: problemCode === null ? null : { code: problemCode, reason: problemReason ?? '' },
    title,
    uri,
    format,
    language,
    metadata: JSON.parse(metadata) as Metadata,
    contentHash,
    sizeBytes,
    givenLanguage,
  };
}

type VersionRow = readonly [
  id: Uint8Array,
  title: string,
  uri: string | null,
  language: string | null,
  metadata: string,
  text: string,
  blocks: string | null,
];

type ChunkRow = readonly [
  key: number,
  start: number,
  end: number,
  page: number | null,
  headingPath: string | null,
];

function versionReading(database: DatabaseSync): (live: number, version: number) => StoredVersion | null {
  const find = query<VersionRow>(
    database,
    `SELECT v.id, v.title, v.uri, v.language, v.metadata, t.text, b.blocks FROM versions v
     JOIN version_texts t ON t.version = v.key LEFT JOIN version_blocks b ON b.version = v.key
     WHERE v.collection = ? AND v.key = ?`,
  );
  const chunks = query<ChunkRow>(
    database,
    'SELECT key, start, "end", page, heading_path FROM chunks WHERE key >= ? AND key < ? ORDER BY key',
  );
  const readPath = headingPathReading();
  return (live, version) => {
    const row = find.get(live, version);
    if (row === null) return null;
    const [id, title, uri, language, metadata, text, blocks] = row;
    const first = version * CHUNKS_PER_VERSION;
    const rows = chunks.all(first, first + CHUNKS_PER_VERSION);
    return {
      id: versionIdOf(id),
      title,
      uri,
      language,
      metadata: JSON.parse(metadata) as Metadata,
      text,
      blocks: blocks === null ? null : unpackBlocks(blocks),
      chunks: rows.map(([key, start, end, page, path]): Chunk => ({
        ordinal: key - first,
        start,
        end,
        page,
        headingPath: readPath(path),
      })),
    };
  };
}
