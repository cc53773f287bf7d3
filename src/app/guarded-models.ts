import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
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
      queries.execute(async (inner) => embedder.embedQuery(query, inner), signal),
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
    generate: (request, signal) =>
      foreground.stream((inner) => generator.generate(request, inner), signal, clocks),
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
      foreground.execute(async (inner) => reranker.rerank(query, texts, inner), signal),
  };
}
