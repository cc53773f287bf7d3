import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
import { deadlineOf } from '../resilience/deadline.ts';
import type { StreamClocks } from '../resilience/defaults.ts';
import type { Dependency } from '../resilience/dependency.ts';
import type { Policy } from '../resilience/policy.ts';

/** Questions go through one policy; passages, which nobody waits for, through another. */
export interface EmbedderGuards {
  readonly queries: Policy;
  readonly passages: Policy;
}

/** An embedder behind deadline, bulkhead, breaker, timeout and retry. */
export function guardedEmbedder(embedder: Embedder, { queries, passages }: EmbedderGuards): Embedder {
  return {
    get profile() {
      return embedder.profile;
    },
    embedQuery: async (query, signal) =>
      sparingReserve(signal, async (early) =>
        queries.execute(async (inner) => embedder.embedQuery(query, inner), early),
      ),
    embedPassages: async (texts, signal) =>
      passages.execute(async (inner) => embedder.embedPassages(texts, inner), signal),
  };
}

/** A generator behind deadline, bulkhead, breaker and the three clocks of a stream. Never tried twice. */
export function guardedGenerator(
  generator: Generator,
  { foreground }: Pick<Dependency, 'foreground'>,
  clocks: StreamClocks,
): Generator {
  return {
    profile: generator.profile,
    async *generate(request, signal) {
      using early = deadlineOf(signal)?.beforeReserve();
      const open = (inner: AbortSignal) => generator.generate(request, inner);
      yield* foreground.stream(open, early?.signal ?? signal, clocks);
    },
    preload: async (signal) => generator.preload(signal),
  };
}

/** A reranker behind deadline, bulkhead, breaker and timeout. */
export function guardedReranker(
  reranker: Reranker,
  { foreground }: Pick<Dependency, 'foreground'>,
): Reranker {
  return {
    profile: reranker.profile,
    rerank: async (query, texts, signal) =>
      sparingReserve(signal, async (early) =>
        foreground.execute(async (inner) => reranker.rerank(query, texts, inner), early),
      ),
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
  using early = deadlineOf(signal)?.beforeReserve();
  return await work(early?.signal ?? signal);
}
