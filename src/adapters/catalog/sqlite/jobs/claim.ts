import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { DocumentOrigin } from '../../../../core/documents/document.ts';
import type { CollectionName, TenantId } from '../../../../core/documents/ids.ts';
import type { ClaimRequest, JobQueue } from '../../../../core/ingest/job-queue.ts';
import {
  PRIORITY,
  type JobId,
  type JobKind,
  type Priority,
  type Step,
  type SyncRequest,
  type Task,
  type TaskInput,
} from '../../../../core/ingest/job.ts';
import { query, unflushedTransaction } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';
import type { QueueTools } from './enqueue.ts';

type ClaimCalls = Synchronous<Pick<JobQueue, 'claim' | 'nextDue'>>;

/** So often the lowest priority goes first, so that a stream of uploads cannot keep an import waiting for ever. */
const LOWEST_FIRST_EVERY = 8;

/** The calls of the queue that give out work. */
export function claimCalls(database: DatabaseSync, { now }: Pick<QueueTools, 'now'>): ClaimCalls {
  const pick = picking(database, now);
  const pickAlone = query<readonly [number]>(
    database,
    // By another index SQLite would look at every task that waits.
    `SELECT t.key FROM tasks t INDEXED BY tasks_alone CROSS JOIN jobs j ON j.key = t.job
     WHERE t.state = 'queued' AND t.crashes >= 2 AND t.not_before <= ? AND j.state IN ('queued', 'running')
     ORDER BY t.key LIMIT 1`,
  );
  const take = taking(database, now);
  const due = query<readonly [number | null]>(
    database,
    `SELECT min(not_before) FROM tasks WHERE state = 'queued'`,
  );
  return {
    nextDue: () => due.get()?.[0] ?? null,
    claim(request) {
      // Reads first: a worker that finds nothing to do writes nothing.
      const alone = pickAlone.get(now())?.[0] ?? null;
      if (alone !== null)
        return request.isIdle ? unflushedTransaction(database, () => take(alone, request, 'alone')) : [];
      const first = pick();
      if (first === null) return [];
      // Lost with the power, a claim leaves a task that is queued: just what it is then.
      return unflushedTransaction(database, () => {
        const tasks: Task[] = [];
        const jobs: JobsRead = new Map();
        for (let next: number | null = first; next !== null; next = pick()) {
          tasks.push(...take(next, request, jobs));
          if (tasks.length >= request.limit) break;
        }
        return tasks;
      });
    },
  };
}

type TaskRow = readonly [
  kind: 'document' | 'listing',
  item: string,
  origin: DocumentOrigin,
  input: string,
  contentHash: string | null,
  sizeBytes: number,
  tries: number,
  step: Step | null,
  job: number,
];

type JobRow = readonly [
  id: JobId,
  sync: string | null,
  priority: Priority,
  tenant: TenantId,
  collection: CollectionName,
];

/** Jobs that were read in this claim, by key. */
type JobsRead = Map<number, JobRow>;

function taking(
  database: DatabaseSync,
  now: () => number,
): (key: number, request: ClaimRequest, jobs: JobsRead | 'alone') => readonly Task[] {
  const update = query<TaskRow>(
    database,
    `UPDATE tasks SET state = 'working', step = iif(step = 'index', step, 'fetch'), tries = tries + 1, lease = ?,
       lease_until = ?, since = ? WHERE key = ? AND state = 'queued'
     RETURNING kind, item, origin, input, content_hash, size_bytes, tries, step, job`,
  );
  const readJob = query<JobRow>(
    database,
    `SELECT j.id, j.sync, j.priority, c.tenant, c.name
     FROM jobs j JOIN collections c ON c.key = j.collection WHERE j.key = ?`,
  );
  return (key, { leaseMs }, jobs) => {
    const token = randomUUID();
    const at = now();
    const row = update.get(token, at + leaseMs, at, key);
    if (row === null) return [];
    const [, , , , , , , , jobKey] = row;
    const isAlone = jobs === 'alone';
    const job = (isAlone ? null : jobs.get(jobKey)) ?? readJob.get(jobKey);
    if (job === null) return [];
    if (!isAlone) jobs.set(jobKey, job);
    return [toTask(row, job, { task: key, token, isAlone })];
  };
}

function toTask(
  row: TaskRow,
  jobRow: JobRow,
  claim: { readonly task: number; readonly token: string; readonly isAlone: boolean },
): Task {
  const [kind, item, origin, input, contentHash, sizeBytes, tries, step] = row;
  const [job, sync, priority, tenant, collection] = jobRow;
  const claimed = { ...claim, job, scope: { tenant, collection }, priority, tries };
  if (kind === 'listing') return { ...claimed, kind, request: JSON.parse(sync ?? '{}') as SyncRequest };
  return {
    ...claimed,
    kind,
    item,
    origin,
    input: JSON.parse(input) as TaskInput,
    contentHash,
    sizeBytes,
    isCommitted: step === 'index',
  };
}

/** The key of the task that is next; null when none is due. */
function picking(database: DatabaseSync, now: () => number): () => number | null {
  const nextTenant = query<readonly [TenantId | null]>(
    database,
    `SELECT min(tenant) FROM jobs
     WHERE state IN ('queued', 'running') AND queued > 0 AND priority = ? AND tenant > ?`,
  );
  const pickOf = tenantPicking(database, now);
  const lastTenant = new Map<Priority, string>();
  let picked = 0;

  const pickBy = (priority: Priority): number | null => {
    const start = lastTenant.get(priority) ?? '';
    const seen = new Set<string>();
    let after = start;
    for (;;) {
      const tenant = nextTenant.get(priority, after)?.[0] ?? null;
      if (tenant === null) {
        if (after === '') return null;
        after = '';
        continue;
      }
      if (seen.has(tenant)) return null;
      seen.add(tenant);
      after = tenant;
      const task = pickOf(priority, tenant);
      if (task === null) continue;
      lastTenant.set(priority, tenant);
      return task;
    }
  };
  return () => {
    const order = Object.values(PRIORITY).toSorted((a, b) => a - b);
    if (picked % LOWEST_FIRST_EVERY === LOWEST_FIRST_EVERY - 1) order.reverse();
    for (const priority of order) {
      const task = pickBy(priority);
      if (task === null) continue;
      picked++;
      return task;
    }
    return null;
  };
}

function tenantPicking(
  database: DatabaseSync,
  now: () => number,
): (priority: Priority, tenant: TenantId) => number | null {
  const jobs = query<readonly [key: number, kind: JobKind, collection: number]>(
    database,
    `SELECT key, kind, collection FROM jobs WHERE state IN ('queued', 'running') AND queued > 0 AND priority = ?
     AND tenant = ? AND key > ? ORDER BY key LIMIT 16`,
  );
  const firstDue = query<readonly [key: number, kind: 'document' | 'listing']>(
    database,
    "SELECT key, kind FROM tasks WHERE job = ? AND state = 'queued' AND not_before <= ? ORDER BY key LIMIT 1",
  );
  const olderSync = query<readonly [number]>(
    database,
    `SELECT 1 FROM jobs WHERE collection = ? AND kind = 'sync' AND key < ? AND state IN ('queued', 'running') LIMIT 1`,
  );
  return (priority, tenant) => {
    let last = 0;
    for (;;) {
      const page = jobs.all(priority, tenant, last);
      for (const [key, , collection] of page) {
        last = key;
        const task = firstDue.get(key, now());
        if (task === null) continue;
        if (task[1] === 'listing' && olderSync.get(collection, key) !== null) continue;
        return task[0];
      }
      if (page.length === 0) return null;
    }
  };
}
