import type { DatabaseSync } from 'node:sqlite';
import type { CommitReceipt } from '../../../../core/documents/catalog.ts';
import type { ErrorCode } from '../../../../core/errors.ts';
import type { JobQueue, TaskCommit } from '../../../../core/ingest/job-queue.ts';
import type { Lease } from '../../../../core/ingest/job.ts';
import type { ApplyChanges, TriedChange } from '../commit.ts';
import { requireCollection } from '../collections.ts';
import { query, transaction, unflushedTransaction } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';
import type { QueueTools } from './enqueue.ts';

type SettleCalls = Synchronous<
  Pick<JobQueue, 'heartbeat' | 'commitTasks' | 'finish' | 'retryLater' | 'release'>
>;

export interface SettleTools extends QueueTools {
  readonly apply: ApplyChanges;
}

/** What names a lease in a statement; one that was lost matches nothing. */
const HELD = `key = ? AND lease = ? AND state = 'working'`;

/** The calls of the queue by whoever holds a lease. */
export function settleCalls(database: DatabaseSync, tools: SettleTools): SettleCalls {
  return {
    heartbeat: heartbeat(database, tools),
    commitTasks: committing(database, tools),
    finish: finishing(database, tools),
    ...givingBack(database, tools),
  };
}

interface HeldTask {
  readonly tries: number;
  readonly job: number;
}

function heartbeat(database: DatabaseSync, { now }: SettleTools): SettleCalls['heartbeat'] {
  const beat = database.prepare(
    `UPDATE tasks SET lease_until = ?1, since = iif(step IN (?2, 'index'), since, ?3),
       step = iif(step = 'index', step, ?2) WHERE key = ?4 AND lease = ?5 AND state = 'working'`,
  );
  return (leases, leaseMs) =>
    unflushedTransaction(database, () => {
      const at = now();
      const lost = leases.filter(
        ({ step, task, token }) => Number(beat.run(at + leaseMs, step, at, task, token).changes) === 0,
      );
      return lost.map(({ task }) => task);
    });
}

function committing(database: DatabaseSync, { key, now, apply }: SettleTools): SettleCalls['commitTasks'] {
  const fence = query<readonly [tries: number, job: number]>(
    database,
    `UPDATE tasks SET step = 'index', since = iif(step = 'index', since, ?), outcome = ?, problem_code = ?,
       problem_reason = ? WHERE ${HELD} RETURNING tries, job`,
  );
  const count = database.prepare(
    `UPDATE jobs SET documents = documents + ?, chunks = chunks + ?, size_bytes = size_bytes + ?
     WHERE key = ?`,
  );
  const clearProblem = database.prepare(
    'UPDATE jobs SET problem_code = NULL, problem_reason = NULL WHERE key = ? AND listing_failed = 0 AND problem_code IS NOT NULL',
  );
  const current = query<readonly [number]>(database, 'SELECT sequence FROM collections WHERE key = ?');
  const hold = ({ lease, outcome, problem }: TaskCommit): HeldTask | null => {
    const code = problem?.code ?? null;
    const row = fence.get(now(), outcome, code, problem?.reason ?? null, lease.task, lease.token);
    return row === null ? null : { tries: row[0], job: row[1] };
  };
  const countFor = (job: number, commits: readonly TaskCommit[]): void => {
    const sum = (part: 'documents' | 'chunks' | 'bytes'): number =>
      commits.reduce((total, commit) => total + commit[part], 0);
    count.run(sum('documents'), sum('chunks'), sum('bytes'), job);
    clearProblem.run(job);
  };
  return (scope, commits) =>
    transaction(database, () => {
      const collection = requireCollection(key, scope);
      const changes: TriedChange[] = [];
      const lost: number[] = [];
      const counted: { readonly job: number; readonly commit: TaskCommit }[] = [];
      for (const commit of commits) {
        const held = hold(commit);
        if (held === null) {
          lost.push(commit.lease.task);
          continue;
        }
        changes.push(...commit.changes.map((change) => ({ change, tries: held.tries })));
        counted.push({ job: held.job, commit });
      }
      for (const [job, of] of Map.groupBy(counted, (one) => one.job))
        countFor(
          job,
          of.map(({ commit }) => commit),
        );
      const nothing: CommitReceipt = { sequence: current.get(collection)?.[0] ?? 0, applied: [] };
      return { ...(changes.length === 0 ? nothing : apply(collection, changes)), lost };
    });
}

function finishing(database: DatabaseSync, { now }: SettleTools): SettleCalls['finish'] {
  const finish = database.prepare(
    `UPDATE tasks SET state = outcome, lease = NULL, lease_until = NULL, since = ?
     WHERE ${HELD} AND step = 'index'`,
  );
  return (leases) => {
    if (leases.length === 0) return;
    // What is committed is flushed; without its end a task is looked for in the index again, and ends.
    unflushedTransaction(database, () => {
      for (const { task, token } of leases) finish.run(now(), task, token);
    });
  };
}

function givingBack(
  database: DatabaseSync,
  { now }: SettleTools,
): Pick<SettleCalls, 'retryLater' | 'release'> {
  const later = query<readonly [number]>(
    database,
    `UPDATE tasks SET state = 'queued', lease = NULL, lease_until = NULL, not_before = ?, problem_code = ?,
       problem_reason = ?, since = ? WHERE ${HELD} RETURNING job`,
  );
  const tellJob = database.prepare(
    'UPDATE jobs SET problem_code = ?, problem_reason = ? WHERE key = ? AND listing_failed = 0',
  );
  const release = database.prepare(
    `UPDATE tasks SET state = 'queued', lease = NULL, lease_until = NULL, tries = max(0, tries - 1), since = ?
     WHERE ${HELD}`,
  );
  const releaseOne = ({ task, token }: Lease): unknown => release.run(now(), task, token);
  return {
    retryLater(lease, notBefore, problem) {
      transaction(database, () => {
        const about: readonly [ErrorCode, string] = [problem.code, problem.reason];
        const row = later.get(notBefore, ...about, now(), lease.task, lease.token);
        if (row !== null) tellJob.run(...about, row[0]);
      });
    },
    release(leases) {
      if (leases.length === 0) return;
      transaction(database, () => {
        for (const lease of leases) releaseOne(lease);
      });
    },
  };
}
