import { doneCount } from '../../core/ingest/create-ingest.ts';
import type { JobProblem } from '../../core/ingest/job-queue.ts';
import type { Job } from '../../core/ingest/job.ts';
import type { WireJob, WireJobDetail } from '../contract/job.ts';
import { toWireProblem } from './document.ts';
import { toWireProblemItem } from './ingest.ts';

/** `now`: milliseconds since the epoch, for rate and estimate. */
export function toWireJob(job: Job, now: number): WireJob {
  const { counts, startedAt, finishedAt } = job;
  return {
    id: job.id,
    collection: job.collection,
    kind: job.kind,
    state: job.state,
    counts,
    listing: job.isListing,
    ...paceOf(job, now),
    problem: toWireProblem(job.problem),
    created_at: job.createdAt,
    started_at: startedAt,
    finished_at: finishedAt,
  };
}

export function toWireJobDetail(job: Job, failures: readonly JobProblem[], now: number): WireJobDetail {
  return { ...toWireJob(job, now), failures: failures.map(toWireProblemItem) };
}

type Pace = Pick<WireJob, 'items_per_second' | 'chunks_per_second' | 'remaining_seconds'>;

function paceOf({ counts, startedAt, finishedAt, state }: Job, now: number): Pace {
  const until = finishedAt === null ? now : Date.parse(finishedAt);
  const seconds = startedAt === null ? 0 : (until - Date.parse(startedAt)) / 1000;
  if (seconds <= 0) return { items_per_second: null, chunks_per_second: null, remaining_seconds: null };
  const done = doneCount(counts);
  const left = counts.queued + counts.working;
  const isGoing = state === 'running' && done > 0;
  return {
    items_per_second: round(done / seconds),
    chunks_per_second: round(counts.chunks / seconds),
    remaining_seconds: finishedAt !== null ? 0 : isGoing ? round((left * seconds) / done) : null,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
