import type { TenantId } from '../documents/ids.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { Bell } from './bell.ts';
import type { JobQueue } from './job-queue.ts';
import type { Job, JobId } from './job.ts';

export interface WatchDependencies {
  readonly queue: Pick<JobQueue, 'getJob'>;
  readonly bell: Bell;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Another process may change a job, and rings no bell here. */
const LOOK_AGAIN_MS = 1000;

/**
 * A job as it is now and after every change, until it has ended; nothing when there is no such job (any more).
 * Rejects with the signal's reason when it is aborted; the job goes on.
 */
export async function* watchJob(
  dependencies: WatchDependencies,
  { tenant, id }: { readonly tenant: TenantId; readonly id: JobId },
  signal: AbortSignal,
): AsyncGenerator<Job> {
  for (;;) {
    signal.throwIfAborted();
    const rung = nextChange(dependencies, signal);
    const job = await dependencies.queue.getJob(tenant, id);
    if (job === null) return;
    yield job;
    if (job.finishedAt !== null) return;
    await untilAborted(signal, rung);
  }
}

/** Resolves with the next ring, or after a second without one. */
export async function nextChange({ bell, wait }: WatchDependencies, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  await Promise.race([bell.next(either), wait(LOOK_AGAIN_MS, either).catch(() => undefined)]);
  over.abort();
}

/** The job once it has ended; null when it is gone. */
export async function jobEnd(
  dependencies: WatchDependencies,
  which: { readonly tenant: TenantId; readonly id: JobId },
  signal: AbortSignal,
): Promise<Job | null> {
  let last: Job | null = null;
  for await (const job of watchJob(dependencies, which, signal)) last = job;
  return last === null || last.finishedAt === null ? null : last;
}
