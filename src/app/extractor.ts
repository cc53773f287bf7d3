import { tikaExtractor } from '../adapters/extractor/tika.ts';
import { HoldfastError } from '../core/errors.ts';
import type { Extractor } from '../core/ingest/extractor.ts';
import { ModelError } from '../core/models/model-error.ts';
import { DEPENDENCY_DEFAULTS, type DependencySettings } from '../resilience/defaults.ts';
import { createDependency, type Dependency } from '../resilience/dependency.ts';
import { BulkheadFullError, ResilienceError, TimeoutError } from '../resilience/errors.ts';
import { systemTime, type TimeSource } from '../resilience/time-source.ts';
import { callsOf, type ModelCalls } from './watched-models.ts';
import type { Breaker } from '../resilience/breaker.ts';

export interface ExtractorOptions {
  /** Of the Tika server. */
  readonly url: string;
  /** The longest that it may work on one file. */
  readonly timeoutMs: number;
  /** What differs from the defaults of the dependency. */
  readonly settings?: Partial<DependencySettings> | undefined;
  /** Default: the machine's time. */
  readonly time?: TimeSource | undefined;
}

/** An extractor with what stands around it. */
export interface WatchedExtractor {
  /** Guarded. */
  readonly extractor: Extractor;
  readonly breaker: Breaker;
  readonly calls: readonly ModelCalls[];
}

/** A Tika server behind its bulkhead, breaker and time limit; the job queue is what tries again. */
export function watchedExtractor({
  url,
  timeoutMs,
  settings,
  time = systemTime,
}: ExtractorOptions): WatchedExtractor {
  const breaker = {
    ...DEPENDENCY_DEFAULTS.tika.breaker,
    slowMs: timeoutMs,
    probeTimeoutMs: 2 * timeoutMs,
  };
  const dependency = createDependency('tika', { settings: { breaker, timeoutMs, ...settings }, time });
  return {
    extractor: guardedExtractor(tikaExtractor({ url }), dependency),
    breaker: dependency.breaker,
    calls: [callsOf(dependency)],
  };
}

function guardedExtractor(extractor: Extractor, { foreground }: Dependency): Extractor {
  return {
    async extract(file, signal) {
      try {
        // What is wrong with the file is an answer of a server that works.
        const outcome = await foreground.execute(async (inner) => {
          try {
            return await extractor.extract(file, inner);
          } catch (error) {
            if (error instanceof HoldfastError) return error;
            throw error;
          }
        }, signal);
        if (outcome instanceof HoldfastError) throw outcome;
        return outcome;
      } catch (error) {
        signal.throwIfAborted();
        throw errorOf(error, file.name);
      }
    },
  };
}

function errorOf(error: unknown, name: string): unknown {
  const cause = { cause: error };
  if (error instanceof TimeoutError)
    return new HoldfastError(
      'document_timeout',
      `${name}: Tika did not answer within ${error.timeoutMs} ms`,
      cause,
    );
  if (error instanceof BulkheadFullError) return new HoldfastError('extractor_busy', error.message, cause);
  if (error instanceof ResilienceError || error instanceof ModelError)
    return new HoldfastError('extractor_unavailable', error.message, cause);
  return error;
}
