import { ModelError } from '../core/models/model-error.ts';
import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
import { classify } from '../resilience/classify.ts';
import { deadlineOf } from '../resilience/deadline.ts';
import type { StreamClocks } from '../resilience/defaults.ts';
import type { Policy } from '../resilience/policy.ts';
import { systemTime, type TimeSource } from '../resilience/time-source.ts';
import type { ModelMonitor } from './model-monitor.ts';

/** What stands before a model. */
export interface ModelGuards {
  /** For calls that someone waits for. */
  readonly policy: Policy;
  readonly monitor: ModelMonitor;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** An embedder behind its monitor, deadline, bulkhead, breaker, timeout and retry; passages have a policy of their own. */
export function guardedEmbedder(
  embedder: Embedder,
  { passages, ...guards }: ModelGuards & { readonly passages: Policy },
): Embedder {
  const { monitor } = guards;
  return {
    get profile() {
      return embedder.profile;
    },
    embedQuery: async (query, signal) =>
      call(guards, signal, async (inner) => {
        if (monitor.mayBeUnloaded) await monitor.requireLoaded(inner);
        return embedder.embedQuery(query, inner);
      }),
    embedPassages: async (texts, signal) => {
      await monitor.loaded(signal);
      return call({ ...guards, policy: passages }, signal, async (inner) =>
        embedder.embedPassages(texts, inner),
      );
    },
  };
}

/** A generator behind its monitor, deadline, bulkhead, breaker and the three clocks of a stream. Never tried twice. */
export function guardedGenerator(
  generator: Generator,
  guards: ModelGuards & { readonly clocks: StreamClocks },
): Generator {
  const { policy, monitor, clocks, time = systemTime } = guards;
  const onceLoaded = async function* (
    request: Parameters<Generator['generate']>[0],
    inner: AbortSignal,
  ): AsyncGenerator<string> {
    await monitor.requireLoaded(inner);
    yield* generator.generate(request, inner);
  };
  const open =
    (request: Parameters<Generator['generate']>[0]) =>
    (inner: AbortSignal): AsyncIterable<string> =>
      monitor.mayBeUnloaded ? onceLoaded(request, inner) : generator.generate(request, inner);
  return {
    profile: generator.profile,
    generate: (request, signal) => {
      const within = beforeReserve(signal);
      let began = 0;
      return policy.stream(open(request), within, {
        clocks,
        admit: () => {
          began = time.monotonic();
          return monitor.admit(within);
        },
        onEnd: (end) => {
          if (end.kind === 'done') monitor.succeeded();
          else if (end.kind === 'failed') tellFailure(guards, { error: end.error, signal: within, began });
        },
      });
    },
    preload: async (signal) => generator.preload(signal),
  };
}

/** A reranker behind its monitor, deadline, bulkhead, breaker and timeout. */
export function guardedReranker(reranker: Reranker, guards: ModelGuards): Reranker {
  return {
    profile: reranker.profile,
    rerank: async (query, texts, signal) =>
      call(guards, signal, async (inner) => reranker.rerank(query, texts, inner)),
  };
}

/**
 * Runs something that an answer can do without: its signal aborts when the reserve of the request's deadline begins,
 * so that there is time for the answer that needs no model.
 */
export async function sparingReserve<T>(
  signal: AbortSignal,
  work: (early: AbortSignal) => Promise<T>,
): Promise<T> {
  return work(beforeReserve(signal));
}

function beforeReserve(signal: AbortSignal): AbortSignal {
  return deadlineOf(signal)?.beforeReserve().signal ?? signal;
}

/** Milliseconds until the deadline of a request; without one it has all the time there is. */
export function timeLeftMs(signal: AbortSignal): number {
  return deadlineOf(signal)?.remainingMs ?? Number.POSITIVE_INFINITY;
}

async function call<T>(
  guards: ModelGuards,
  signal: AbortSignal,
  work: (inner: AbortSignal) => Promise<T>,
): Promise<T> {
  const { policy, monitor, time = systemTime } = guards;
  const early = beforeReserve(signal);
  const admitting = monitor.admit(early);
  if (admitting !== null) await admitting;
  const began = time.monotonic();
  try {
    const value = await policy.execute(work, early);
    // A text without meaning is not sent.
    if (value !== null) monitor.succeeded();
    return value;
  } catch (error) {
    tellFailure(guards, { error, signal: early, began });
    throw error;
  }
}

interface FailedCall {
  readonly error: unknown;
  readonly signal: AbortSignal;
  /** On the monotonic clock. */
  readonly began: number;
}

/**
 * Tells the monitor how a call has failed. A caller that gives up says nothing about the model, unless it was the
 * deadline and the call had become slow, as for the breaker.
 */
function tellFailure(
  { policy, monitor, time = systemTime }: ModelGuards,
  { error, signal, began }: FailedCall,
): void {
  if (!signal.aborted) return monitor.failed(error);
  const elapsedMs = time.monotonic() - began;
  const { fault } = classify(signal.reason);
  if (elapsedMs < policy.breaker.slowMs || (fault !== 'deadline' && fault !== 'timeout')) return;
  monitor.failed(new ModelError('timeout', `no answer within ${Math.round(elapsedMs)} ms`));
}
