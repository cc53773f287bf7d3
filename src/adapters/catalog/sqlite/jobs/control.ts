import type { DatabaseSync } from 'node:sqlite';
import type { DocumentProblem } from '../../../../core/documents/document.ts';
import type { TenantId } from '../../../../core/documents/ids.ts';
import type { JobQueue } from '../../../../core/ingest/job-queue.ts';
import type { Job, JobId } from '../../../../core/ingest/job.ts';
import type { CancelTasks } from '../commit.ts';
import { query, transaction } from '../database.ts';
import { findBytes } from '../ids.ts';
import type { Synchronous } from '../synchronous.ts';
import type { QueueTools } from './enqueue.ts';
import { placeholders } from './placeholders.ts';
import type { FindJob } from './rows.ts';

type ControlCalls = Synchronous<Pick<JobQueue, 'cancelJob' | 'pauseJob' | 'resumeJob' | 'retryJob'>>;

export interface ControlTools extends QueueTools {
  readonly findJob: FindJob;
}

const CANCELLED: DocumentProblem = {
  code: 'job_cancelled',
  reason: 'its job was cancelled before it was taken in',
};

/** The calls of the queue that steer a job. */
export function controlCalls(database: DatabaseSync, tools: ControlTools): ControlCalls {
  const steer = steering(database, tools);
  const pause = database.prepare(
    "UPDATE jobs SET state = 'paused' WHERE key = ? AND state IN ('queued', 'running')",
  );
  const resume = database.prepare(
    "UPDATE jobs SET state = iif(started_at IS NULL, 'queued', 'running') WHERE key = ? AND state = 'paused'",
  );
  const cancel = cancelling(database, tools);
  const retry = retrying(database, tools);
  return {
    pauseJob: steer((key) => void pause.run(key)),
    resumeJob: steer((key) => void resume.run(key)),
    cancelJob: steer(cancel),
    retryJob: steer(retry),
  };
}

type Steer = (work: (key: number, job: Job) => void) => (tenant: TenantId, id: JobId) => Job | null;

function steering(database: DatabaseSync, { findJob }: ControlTools): Steer {
  return (work) => (tenant, id) =>
    transaction(database, () => {
      const found = findJob(tenant, id);
      if (found === null) return null;
      work(found.key, found.job);
      return findJob(tenant, id)?.job ?? null;
    });
}

function cancelling(database: DatabaseSync, { now }: ControlTools): (key: number, job: Job) => void {
  const endJob = database.prepare("UPDATE jobs SET state = 'cancelled', finished_at = ? WHERE key = ?");
  const endTasks = query<readonly [collection: number, item: string]>(
    database,
    `UPDATE tasks SET state = 'cancelled', lease = NULL, lease_until = NULL, since = ?
     WHERE job = ? AND (state = 'queued' OR (state = 'working' AND step <> 'index'))
     RETURNING collection, item`,
  );
  const { resolve } = placeholders(database, now);
  return (key, job) => {
    if (job.finishedAt !== null) return;
    // First, so that the end of its last task does not make it `done`.
    endJob.run(now(), key);
    for (const [collection, item] of endTasks.all(now(), key))
      resolve({ collection, item }, 'skipped', CANCELLED);
  };
}

function retrying(database: DatabaseSync, { now }: ControlTools): (key: number, job: Job) => void {
  // Only what is the last word about its item.
  const requeue = database.prepare(
    `UPDATE tasks AS t SET state = 'queued', step = NULL, tries = 0, crashes = 0, not_before = 0, since = ?,
       problem_code = NULL, problem_reason = NULL
     WHERE job = ? AND state = 'failed' AND (kind = 'listing' OR (
       NOT EXISTS (SELECT 1 FROM tasks n WHERE n.collection = t.collection AND n.item = t.item AND n.key > t.key)
       AND EXISTS (SELECT 1 FROM documents d
         WHERE d.collection = t.collection AND d.item = t.item AND d.state = 'failed')))`,
  );
  const reopen = database.prepare(
    `UPDATE jobs SET state = 'queued', finished_at = NULL, listing_failed = 0, problem_code = NULL,
       problem_reason = NULL WHERE key = ?`,
  );
  return (key, job) => {
    if (job.state !== 'done' && job.state !== 'failed') return;
    if (Number(requeue.run(now(), key).changes) > 0) reopen.run(key);
  };
}

/** Ends the task of a document that is about to be deleted, unless its item holds several documents. */
export function taskCancelling(database: DatabaseSync, now: () => number): CancelTasks {
  const cancel = database.prepare(
    `UPDATE tasks SET state = 'cancelled', lease = NULL, lease_until = NULL, since = ?1
     WHERE collection = ?2 AND kind = 'document' AND state IN ('queued', 'working')
     AND item = (SELECT item FROM documents WHERE collection = ?2 AND id = ?3 AND source_key = item)`,
  );
  return (collection, id) => void cancel.run(now(), collection, findBytes(id));
}
