import type { DatabaseSync } from 'node:sqlite';
import type { Catalog, KnownItem, StoredState } from '../../../core/documents/catalog.ts';
import type {
  DocumentOrigin,
  DocumentProblem,
  DocumentRecord,
  DocumentState,
  Format,
  Metadata,
} from '../../../core/documents/document.ts';
import type { GenerationId } from '../../../core/documents/ids.ts';
import { STATE_OF_STEP, STEPS, type Step } from '../../../core/ingest/job.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { CollectionKey } from './collections.ts';
import { query } from './database.ts';
import { documentIdOf, findBytes, versionIdOf } from './ids.ts';
import type { Synchronous } from './synchronous.ts';

type DocumentCalls = Synchronous<
  Pick<Catalog, 'getDocument' | 'storedOutcome' | 'listDocuments' | 'knownItems'>
>;

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
  tries: number,
  ...task: TaskColumns,
];

const SELECTED = `SELECT d.id, d.source_key, d.origin, d.item, v.id, d.state, d.problem_code, d.problem_reason,
  d.title, d.uri, d.format, d.language, d.metadata, d.content_hash, d.size_bytes, d.chunk_count, d.sequence,
  d.created_at, d.updated_at, d.tries, t.state, t.step, t.since, t.tries, t.problem_code, t.problem_reason`;

const LIVE = `t.kind = 'document' AND t.state IN ('queued', 'working')`;

/** The task of a document's item that has not ended decides what state the document shows. */
const SELECT = `${SELECTED} FROM documents d LEFT JOIN versions v ON v.key = d.version
  LEFT JOIN tasks t ON t.collection = d.collection AND t.item = d.item AND ${LIVE} WHERE d.collection = ?`;

/** The same, found by the tasks: what waits or is being worked on is little beside what is ready. */
const SELECT_LIVE = `${SELECTED} FROM tasks t CROSS JOIN documents d LEFT JOIN versions v ON v.key = d.version
  WHERE t.collection = ? AND ${LIVE} AND d.collection = t.collection AND d.item = t.item`;

const NOT_LIVE = `NOT EXISTS (SELECT 1 FROM tasks t
  WHERE t.collection = d.collection AND t.item = d.item AND ${LIVE})`;

/** The calls of the catalog about documents. */
export function documentCalls(database: DatabaseSync, key: CollectionKey): DocumentCalls {
  return {
    getDocument: getting(database, key),
    storedOutcome: outcome(database, key),
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

function outcome(database: DatabaseSync, key: CollectionKey): DocumentCalls['storedOutcome'] {
  const get = query<readonly [StoredState, DocumentProblem['code'] | null, string | null]>(
    database,
    `SELECT state, problem_code, problem_reason FROM documents
     WHERE collection = ? AND id = ? AND state <> 'queued'`,
  );
  return (scope, id) => {
    const bytes = findBytes(id);
    const row = bytes === null ? null : get.get(key(scope), bytes);
    return row === null ? null : { state: row[0], problem: problemOf(row[1], row[2]) };
  };
}

const ORDER = 'AND d.source_key > ? ORDER BY d.source_key LIMIT ?';

function listing(database: DatabaseSync, key: CollectionKey): DocumentCalls['listDocuments'] {
  const list = query<DocumentRow>(database, `${SELECT} ${ORDER}`);
  const listState = stateListing(database);
  return (scope, { state, limit, cursor }) => {
    const collection = key(scope);
    const after = cursor === null ? '' : decodeCursor('documents', cursor);
    const rows =
      state === undefined
        ? list.all(collection, after, limit + 1)
        : listState({ collection, state, after, limit: limit + 1 });
    const items = rows.slice(0, limit).map(toRecord);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last === undefined ? null : encodeCursor('documents', last.sourceKey) };
  };
}

interface StateRequest {
  readonly collection: number | null;
  readonly state: DocumentState;
  readonly after: string;
  readonly limit: number;
}

function stateListing(database: DatabaseSync): (request: StateRequest) => readonly DocumentRow[] {
  const ready = query<DocumentRow>(database, `${SELECT} AND d.state = 'ready' AND ${NOT_LIVE} ${ORDER}`);
  // Says `<> 'ready'` again so that SQLite uses the partial index `documents_unready`.
  const ended = query<DocumentRow>(
    database,
    `${SELECT} AND d.state <> 'ready' AND d.state = ? AND ${NOT_LIVE} ${ORDER}`,
  );
  const queued = query<DocumentRow>(database, `${SELECT_LIVE} AND t.state = 'queued' ${ORDER}`);
  const working = query<DocumentRow>(
    database,
    `${SELECT_LIVE} AND t.state = 'working' AND t.step IN (SELECT value FROM json_each(?)) ${ORDER}`,
  );
  return ({ collection, state, after, limit }) => {
    if (state === 'ready') return ready.all(collection, after, limit);
    if (state === 'queued') return queued.all(collection, after, limit);
    const steps = STEPS.filter((step) => STATE_OF_STEP[step] === state);
    if (steps.length === 0) return ended.all(collection, state, after, limit);
    return working.all(collection, JSON.stringify(steps), after, limit);
  };
}

type KnownRow = readonly [
  item: string,
  id: Uint8Array,
  state: DocumentState,
  contentHash: string | null,
  generation: GenerationId | null,
  givenLanguage: string | null,
  stamp: string | null,
];

function knowing(database: DatabaseSync, key: CollectionKey): DocumentCalls['knownItems'] {
  const select = `SELECT d.item, d.id, d.state, d.content_hash, v.generation, d.given_language, d.stamp
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
    givenLanguage: common(rows.map((row) => row[5])),
    stamp: common(rows.map((row) => row[6])),
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
  const [title, uri, format, language, metadata, contentHash, sizeBytes, chunkCount, ...times] = shown;
  const [sequence, createdAt, updatedAt, tries, ...task] = times;
  const problem = problemOf(problemCode, problemReason);
  return {
    id: documentIdOf(id),
    sourceKey,
    origin,
    item,
    version: version === null ? null : versionIdOf(version),
    ...(progressOf(task) ?? { state, stateSince: new Date(updatedAt).toISOString(), tries, problem }),
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

type TaskColumns = readonly [
  state: 'queued' | 'working' | null,
  step: Step | null,
  since: number,
  tries: number,
  problemCode: DocumentProblem['code'] | null,
  problemReason: string | null,
];

/** What a document shows while it has a task; null when it has none. */
function progressOf(
  task: TaskColumns,
): Pick<DocumentRecord, 'state' | 'stateSince' | 'tries' | 'problem'> | null {
  const [state, step, since, tries, problemCode, problemReason] = task;
  if (state === null) return null;
  return {
    state: state === 'queued' || step === null ? 'queued' : STATE_OF_STEP[step],
    stateSince: new Date(since).toISOString(),
    tries,
    problem: problemOf(problemCode, problemReason),
  };
}

function problemOf(code: DocumentProblem['code'] | null, reason: string | null): DocumentProblem | null {
  return code === null ? null : { code, reason: reason ?? '' };
}
