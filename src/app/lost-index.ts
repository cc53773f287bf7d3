import { publicName } from '../core/documents/ids.ts';
import type { ScanCatalog, ScanDependencies, WithinLimit } from '../core/retrieval/catalog-scan.ts';
import { HoldfastError } from '../core/errors.ts';
import { Bulkhead } from '../resilience/bulkhead.ts';
import { fixedLimit } from '../resilience/concurrency-limit.ts';
import { Deadline, deadlineOf } from '../resilience/deadline.ts';
import { TimeoutError } from '../resilience/errors.ts';
import { systemTime, type TimeSource } from '../resilience/time-source.ts';
import { untilAborted } from '../lib/until-aborted.ts';
import { sparingReserve } from './guarded-models.ts';

/** An index that hangs may take so much of a question's time ... */
const INDEX_SHARE = 0.5;
/** ... and at most so many milliseconds, so that the catalog can still be read. */
const MAX_INDEX_MS = 2000;

/** Bounds one call of the index, also one that does not listen to its signal. */
export function indexLimit(time: TimeSource = systemTime): WithinLimit {
  return async (signal, work) => {
    const leftMs = deadlineOf(signal)?.remainingMs ?? Number.POSITIVE_INFINITY;
    const afterMs = Math.min(MAX_INDEX_MS, leftMs * INDEX_SHARE);
    const expired = (): Error => new TimeoutError('the index', Math.round(afterMs));
    using limit = new Deadline({ afterMs, time, parent: signal, expired });
    return await untilAborted(limit.signal, work(limit.signal));
  };
}

/** Questions that may read the catalog at once, and those that may wait for it. */
const SCANS = 8;
const MAX_WAIT_MS = 2500;

/** The last rung of the ladder, with slots of its own: reading everything must not take the process. */
export function lostIndex(scan: ScanCatalog, time: TimeSource = systemTime): ScanDependencies {
  const bulkhead = new Bulkhead({
    name: 'catalog_scan',
    limit: fixedLimit(SCANS),
    queue: SCANS,
    maxWaitMs: MAX_WAIT_MS,
    time,
  });
  return {
    sparing: sparingReserve,
    scan: async (scope, request, signal) => {
      let hasBegun = false;
      try {
        return await bulkhead.execute(async (inner) => {
          hasBegun = true;
          return scan(scope, request, inner);
        }, signal);
      } catch (error) {
        if (hasBegun) throw error;
        throw new HoldfastError(
          'overloaded',
          `the index of "${publicName(scope.collection)}" is lost, and ${SCANS} questions read the catalog already`,
          { cause: error },
        );
      }
    },
  };
}
