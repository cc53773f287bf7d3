import type { Catalog } from '../documents/catalog.ts';
import type { DocumentOrigin } from '../documents/document.ts';
import type { Scope } from '../documents/ids.ts';
import type { Ingest, IngestProgress, IngestRequest, IngestSummary } from '../documents/library.ts';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { JobQueue } from './job-queue.ts';
import { PRIORITY, type Job, type JobCounts, type JobId } from './job.ts';
import { planSync, type PlanDependencies } from './plan-sync.ts';
import { watchJob, type WatchDependencies } from './watch-job.ts';

export interface IngestDependencies extends WatchDependencies, PlanDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument' | 'storedOutcome'>;
  readonly queue: Pick<JobQueue, 'enqueue' | 'getJob' | 'jobProblems'>;
  readonly clock: Clock;
  readonly newJobId: () => JobId;
  /** Tells the worker that there is work. */
  readonly wake: () => void;
  /** @throws HoldfastError `path_not_found`. */
  readonly requirePath: (path: string) => Promise<void>;
}

/** Brings a collection in line with folders of this machine. */
export function createIngest(dependencies: IngestDependencies): Ingest {
  const { catalog, queue, newJobId, wake, requirePath } = dependencies;
  return {
    async start({ scope, paths, force = false, origin = 'folder', within, language, patterns }) {
      await requireCollection(scope, catalog);
      await requirePaths(origin, within === undefined ? paths : [within], requirePath);
      const id = newJobId();
      const sync = {
        origin,
        roots: paths,
        force,
        ...(within === undefined ? {} : { within }),
        ...(language === undefined ? {} : { language }),
        ...(patterns && { patterns }),
      };
      await queue.enqueue(scope, { id, kind: 'sync', priority: PRIORITY.bulk, sync });
      wake();
      const job = await queue.getJob(scope.tenant, id);
      if (job === null) throw gone(scope);
      return job;
    },
    finished: async (job, onProgress, signal) => finished(dependencies, job, { onProgress, signal }),
    plan: async (request, signal) => {
      await requireCollection(request.scope, catalog);
      return planSync(dependencies, request, signal);
    },
  };
}

async function requirePaths(
  origin: DocumentOrigin,
  paths: readonly string[],
  requirePath: IngestDependencies['requirePath'],
): Promise<void> {
  if (origin !== 'folder' && origin !== 'git') return;
  for (const path of paths) await requirePath(path);
}

async function requireCollection(scope: Scope, catalog: Pick<Catalog, 'getCollection'>): Promise<void> {
  if ((await catalog.getCollection(scope)) === null) throw missing(scope);
}

function missing({ collection }: Scope): HoldfastError {
  return new HoldfastError('collection_not_found', `there is no collection "${collection}"`);
}

function gone({ collection }: Scope): HoldfastError {
  return new HoldfastError('collection_not_found', `collection "${collection}" was deleted in the meantime`);
}

interface Waiting {
  readonly onProgress: (progress: IngestProgress) => void;
  readonly signal: AbortSignal;
}

async function finished(
  dependencies: IngestDependencies,
  job: Job,
  { onProgress, signal }: Waiting,
): Promise<IngestSummary> {
  const { queue, clock } = dependencies;
  const began = clock.monotonic();
  const which = { tenant: job.tenant, id: job.id };
  const reported = new Set<string>();
  let last = job;
  for await (const now of watchJob(dependencies, which, signal)) {
    last = now;
    if (now.counts.failed > reported.size) await reportFailures(queue, now, { reported, onProgress });
    onProgress({ ...progressOf(now.counts), failure: null });
    if (now.problem?.code === 'storage_full' && now.finishedAt === null)
      throw new HoldfastError(
        'storage_full',
        `${now.problem.reason}; job ${now.id} goes on when there is space`,
      );
  }
  if (last.finishedAt === null) throw gone(job);
  if (last.state === 'failed' && last.problem !== null)
    throw new HoldfastError(last.problem.code, last.problem.reason);
  if (last.state === 'cancelled') throw new HoldfastError('job_cancelled', `job ${job.id} was cancelled`);
  return summaryOf(queue, last, clock.monotonic() - began);
}

async function reportFailures(
  queue: Pick<JobQueue, 'jobProblems'>,
  job: Job,
  { reported, onProgress }: Pick<Waiting, 'onProgress'> & { readonly reported: Set<string> },
): Promise<void> {
  for (const failure of await queue.jobProblems(job.tenant, job.id, 'failed')) {
    if (reported.has(failure.item)) continue;
    reported.add(failure.item);
    onProgress({ ...progressOf(job.counts), failure });
  }
}

/** Items that a job has no more work with. */
export function doneCount(counts: JobCounts): number {
  const { added, updated, unchanged, failed, skipped, superseded, cancelled } = counts;
  return added + updated + unchanged + failed + skipped + superseded + cancelled;
}

function progressOf(counts: JobCounts): Omit<IngestProgress, 'failure'> {
  const done = doneCount(counts);
  return { done, found: Math.max(counts.found, done), chunks: counts.chunks };
}

async function summaryOf(
  queue: Pick<JobQueue, 'jobProblems'>,
  { tenant, id, counts }: Job,
  elapsedMs: number,
): Promise<IngestSummary> {
  const { found, added, updated, unchanged, removed, failed, skipped, documents, chunks, bytes } = counts;
  return {
    files: { found, added, updated, unchanged, removed, failed, skipped },
    documents,
    chunks,
    bytes,
    elapsedMs: Math.round(elapsedMs),
    failures: await queue.jobProblems(tenant, id, 'failed'),
    skipped: await queue.jobProblems(tenant, id, 'skipped'),
  };
}

/** Starts an ingest and waits for its end. */
export function createIngestFolder(ingest: Ingest) {
  return async (request: IngestRequest, onProgress: Waiting['onProgress'], signal: AbortSignal) => {
    signal.throwIfAborted();
    return ingest.finished(await ingest.start(request), onProgress, signal);
  };
}
