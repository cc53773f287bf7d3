import type { DatabaseSync } from 'node:sqlite';
import type { DocumentProblem } from '../../../../core/documents/document.ts';
import type { CollectionName, Scope, TenantId } from '../../../../core/documents/ids.ts';
import type { JobQueue, ListedBatch, NewJob, SettledItem } from '../../../../core/ingest/job-queue.ts';
import type { Lease, NewTask } from '../../../../core/ingest/job.ts';
import { requireCollection, type CollectionKey } from '../collections.ts';
import { query, transaction, unflushedTransaction } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';
import { placeholders } from './placeholders.ts';

export type QueueTools = {
  readonly key: CollectionKey;
  readonly now: () => number;
};

type EnqueueCalls = Synchronous<Pick<JobQueue, 'enqueue' | 'addListed' | 'endListing'>>;

/** The calls of the queue that add work. */
export function enqueueCalls(database: DatabaseSync, { key, now }: QueueTools): EnqueueCalls {
  const insertJob = jobInsertion(database, now);
  const insertTask = taskInsertion(database, now);
  const setFound = database.prepare('UPDATE jobs SET found = ? WHERE key = ?');
  return {
    enqueue(scope, job) {
      transaction(database, () => {
        const collection = requireCollection(key, scope);
        const jobKey = insertJob(scope, collection, job);
        if ('sync' in job) insertTask.listing(jobKey, collection);
        else {
          const tasks = eachOnce(job.tasks);
          insertTask.documents({ scope, collection, job: jobKey }, tasks);
          setFound.run(tasks.length, jobKey);
        }
      });
    },
    ...listingCalls(database, now, insertTask),
  };
}

/** The last task of each item. */
function eachOnce(tasks: readonly NewTask[]): readonly NewTask[] {
  return [...new Map(tasks.map((task) => [task.item, task])).values()];
}

export function jobInsertion(
  database: DatabaseSync,
  now: () => number,
): (scope: Scope, collection: number, job: NewJob) => number {
  const insert = query<readonly [number]>(
    database,
    `INSERT INTO jobs (id, collection, tenant, kind, state, priority, sync, created_at)
     VALUES (?, ?, ?, ?, 'queued', ?, ?, ?) RETURNING key`,
  );
  return (scope, collection, job) => {
    const sync = 'sync' in job ? JSON.stringify(job.sync) : null;
    return insert.get(job.id, collection, scope.tenant, job.kind, job.priority, sync, now())?.[0] ?? 0;
  };
}

/** Where a task goes. */
export interface TaskPlace {
  readonly scope: Scope;
  readonly collection: number;
  readonly job: number;
}

export interface TaskInsertion {
  /** Each supersedes the task that its item has. */
  documents(place: TaskPlace, tasks: readonly NewTask[]): void;
  /** A task that has ended already. */
  settled(place: TaskPlace, item: SettledItem): void;
  listing(job: number, collection: number): void;
}

interface Beginning {
  readonly state: 'queued' | SettledItem['state'];
  readonly problem: DocumentProblem | null;
}

export function taskInsertion(database: DatabaseSync, now: () => number): TaskInsertion {
  const supersede = database.prepare(
    `UPDATE tasks SET state = 'superseded', lease = NULL, lease_until = NULL, since = ?
     WHERE collection = ? AND item = ? AND kind = 'document' AND state IN ('queued', 'working')`,
  );
  const insert = database.prepare(
    `INSERT INTO tasks (job, collection, kind, item, origin, input, content_hash, size_bytes, state, since, is_new,
       problem_code, problem_reason)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
       NOT EXISTS (SELECT 1 FROM documents WHERE collection = ?2 AND item = ?4 AND state <> 'queued'), ?11, ?12)`,
  );
  const { make } = placeholders(database, now);
  const write = (place: Omit<TaskPlace, 'scope'>, task: NewTask, begin: Beginning): void => {
    const { item, origin, input, contentHash, sizeBytes } = task;
    const what = [item, origin, JSON.stringify(input), contentHash, sizeBytes];
    const { code = null, reason = null } = begin.problem ?? {};
    insert.run(place.job, place.collection, 'document', ...what, begin.state, now(), code, reason);
  };
  return {
    documents(place, tasks) {
      for (const task of tasks) {
        supersede.run(now(), place.collection, task.item);
        write(place, task, { state: 'queued', problem: null });
      }
      make(place.scope, place.collection, tasks);
    },
    settled: (place, { task, ...ended }) => write(place, task, ended),
    listing: (job, collection) =>
      void insert.run(job, collection, 'listing', '', '', '{}', null, 0, 'queued', now(), null, null),
  };
}

type ListingCalls = Synchronous<Pick<JobQueue, 'addListed' | 'endListing'>>;

function listingCalls(database: DatabaseSync, now: () => number, insertTask: TaskInsertion): ListingCalls {
  const find = query<readonly [job: number, collection: number, tenant: TenantId, name: CollectionName]>(
    database,
    `SELECT t.job, t.collection, c.tenant, c.name FROM tasks t JOIN collections c ON c.key = t.collection
     WHERE t.key = ? AND t.lease = ? AND t.state = 'working'`,
  );
  const restamp = database.prepare(
    'UPDATE documents SET stamp = ? WHERE collection = ? AND item = ? AND content_hash = ?',
  );
  const known = query<readonly [number]>(database, 'SELECT 1 FROM tasks WHERE job = ? AND item = ? LIMIT 1');
  const count = database.prepare(
    'UPDATE jobs SET found = ?, unchanged = ?, removed = max(removed, ?) WHERE key = ?',
  );
  const fail = database.prepare(
    'UPDATE jobs SET listing_failed = 1, problem_code = ?, problem_reason = ? WHERE key = ?',
  );
  const end = database.prepare(
    'UPDATE tasks SET state = ?, lease = NULL, lease_until = NULL, since = ? WHERE key = ?',
  );
  const within = <T>(run: typeof transaction, lease: Lease, work: (place: TaskPlace) => T): T | null =>
    run(database, () => {
      const row = find.get(lease.task, lease.token);
      if (row === null) return null;
      const [job, collection, tenant, name] = row;
      return work({ job, collection, scope: { tenant, collection: name } });
    });
  return {
    addListed(lease, { tasks, settled, unchanged, stamps, counts }: ListedBatch) {
      // Counts alone are for the eye: a listing that starts again counts from 0. Without its stamp a file is read again.
      const run = tasks.length + settled.length === 0 ? unflushedTransaction : transaction;
      return within(run, lease, (place) => {
        const isNew = (item: string): boolean => known.get(place.job, item) === null;
        insertTask.documents(
          place,
          eachOnce(tasks).filter(({ item }) => isNew(item)),
        );
        for (const { item, contentHash, stamp } of stamps)
          restamp.run(stamp, place.collection, item, contentHash);
        for (const one of settled) if (isNew(one.task.item)) insertTask.settled(place, one);
        const same = unchanged.filter(isNew).length;
        count.run(counts.found, counts.unchanged + same, counts.removed, place.job);
        return same;
      });
    },
    endListing: (lease, problem) =>
      within(transaction, lease, ({ job }) => {
        if (problem !== null) fail.run(problem.code, problem.reason, job);
        end.run(problem === null ? 'done' : 'failed', now(), lease.task);
        return true;
      }) ?? false,
  };
}
