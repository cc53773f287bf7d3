import { SMALL_BLOB_BYTES } from '../adapters/blob-store/small-first.ts';
import type { WriteTasks } from '../core/ingest/write-items.ts';
import { createByteBudget } from '../lib/byte-budget.ts';
import { systemClock } from '../lib/clock.ts';
import { createCommitter } from '../worker/committer.ts';
import { listSource } from '../worker/list-source.ts';
import { createTakeIn } from '../worker/take-in.ts';
import { startWorker, type Worker, type WorkerFailure, type WorkerLimits } from '../worker/worker.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { LibraryTools } from './library-tools.ts';

const LEASE_MS = 30_000;
const UNCOMMITTED = 192;
const PARALLEL_BYTES = 2 ** 18;
/** Of documents that are worked on: each is in memory several times while it is parsed and written. */
const WORKED_ON_BYTES = 32 * 2 ** 20;

/** Enough for no thread to wait for its next document, however small they are. */
function limitsOf(threads: number): WorkerLimits {
  return {
    parallel: 12 * threads,
    parallelBytes: PARALLEL_BYTES,
    claim: 2 * threads + 2,
    uncommitted: UNCOMMITTED,
    leaseMs: LEASE_MS,
  };
}

/** The worker of this process, with its threads. */
export async function openWorker(tools: LibraryTools, writeTasks: WriteTasks): Promise<Worker> {
  const { config, catalog, blobs, index, originals, bell, logger, observe, wait, pool, models } = tools;
  const { maxDocumentBytes } = config;
  const shared = { ...tools, queue: catalog, maxDocumentBytes, clock: systemClock };
  const report = ({ item, problem, retryInMs }: WorkerFailure): void => {
    const fields = { item, code: problem.code, reason: problem.reason };
    if (retryInMs === null) logger.info('document_failed', fields);
    else logger.warn('ingest_retry', { ...fields, retry_in_ms: retryInMs });
  };
  return startWorker({
    ...shared,
    room: createByteBudget(WORKED_ON_BYTES),
    takeIn: createTakeIn({
      ...shared,
      blobs,
      prepare: pool.prepare,
      extractor: models.extractor ?? null,
    }),
    listSource: async (task, onListed, signal) => {
      observe('list', 'before');
      await listSource({ ...shared, onListed }, task, signal);
      observe('list', 'after');
    },
    committer: createCommitter({ writeTasks, queue: catalog, index, wait, observe }),
    // Small ones are written with all others of their commit.
    storeOriginal: async (hash, bytes) => {
      if (bytes.length > SMALL_BLOB_BYTES) await blobs.put(hash, bytes);
    },
    releaseOriginal: async (hash) => originals.release(hash),
    collectGarbage,
    random: Math.random,
    limits: limitsOf(config.workers),
    onChange: () => bell.ring(),
    onFailure: report,
  });
}
