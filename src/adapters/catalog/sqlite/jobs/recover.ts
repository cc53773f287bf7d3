import type { DatabaseSync } from 'node:sqlite';
import type { DocumentOrigin, DocumentProblem } from '../../../../core/documents/document.ts';
import type { CollectionName, TenantId } from '../../../../core/documents/ids.ts';
import type { JobQueue } from '../../../../core/ingest/job-queue.ts';
import type { TaskInput } from '../../../../core/ingest/job.ts';
import { query, transaction } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';
import type { QueueTools } from './enqueue.ts';
import { placeholders } from './placeholders.ts';

/** The process that worked on it may die so often; then it is the document. */
const MAX_CRASHES = 3;
/** What is to be worked on alone lets everything else go first for a while: it may end the process again. */
const ALONE_AFTER_MS = 1000;

type AbandonedRow = readonly [
  key: number,
  kind: 'document' | 'listing',
  collection: number,
  item: string,
  crashes: number,
  isCommitted: number,
  tenant: TenantId,
  name: CollectionName,
  origin: DocumentOrigin,
  input: string,
  contentHash: string | null,
  sizeBytes: number,
];

/** Puts back what nobody works on any more. */
export function recoverCall(
  database: DatabaseSync,
  { now }: QueueTools,
): Synchronous<Pick<JobQueue, 'recover'>>['recover'] {
  const columns = `SELECT t.key, t.kind, t.collection, t.item, t.crashes, t.step = 'index', c.tenant, c.name, t.origin,
    t.input, t.content_hash, t.size_bytes
    FROM tasks t JOIN collections c ON c.key = t.collection WHERE t.state = 'working'`;
  const all = query<AbandonedRow>(database, columns);
  const expired = query<AbandonedRow>(database, `${columns} AND t.lease_until < ?`);
  const requeue = database.prepare(
    `UPDATE tasks SET state = 'queued', lease = NULL, lease_until = NULL, crashes = ?1, since = ?2,
       not_before = iif(?1 >= ${MAX_CRASHES - 1}, ?2 + ${ALONE_AFTER_MS}, not_before) WHERE key = ?3`,
  );
  const fail = database.prepare(
    `UPDATE tasks SET state = 'failed', lease = NULL, lease_until = NULL, crashes = ?, problem_code = ?,
       problem_reason = ?, since = ? WHERE key = ?`,
  );
  const { fail: failDocument } = placeholders(database, now);
  const putBack = (row: AbandonedRow): void => {
    const [key, kind, collection, item, crashes, isCommitted, tenant, name, ...rest] = row;
    // What is committed was taken in well, and a listing touches no content.
    const crashed = isCommitted === 1 || kind === 'listing' ? crashes : crashes + 1;
    if (crashed < MAX_CRASHES) {
      requeue.run(crashed, now(), key);
      return;
    }
    const [origin, input, contentHash, sizeBytes] = rest;
    const problem = crashProblem(item);
    fail.run(crashed, problem.code, problem.reason, now(), key);
    const task = { item, origin, input: JSON.parse(input) as TaskInput, contentHash, sizeBytes };
    failDocument({ tenant, collection: name }, collection, task, problem);
  };
  return (which) => {
    const rows = which === 'all' ? all.all() : expired.all(now());
    if (rows.length === 0) return 0;
    transaction(database, () => {
      for (const row of rows) putBack(row);
    });
    return rows.length;
  };
}

function crashProblem(item: string): DocumentProblem {
  return {
    code: 'document_crashes',
    reason: `the process ended ${MAX_CRASHES} times while ${item} was taken in, the last time while nothing else was`,
  };
}
