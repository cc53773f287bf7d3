import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
import type { Clock } from '../lib/clock.ts';
import type { CallOutcome, Metrics, ModelCall } from './metrics.ts';

type Measured = Pick<Metrics, 'modelCall'>;

/** The same embedder; each call is measured. */
export function measuredEmbedder(embedder: Embedder, metrics: Measured, clock: Clock): Embedder {
  const measure = measuring(metrics, clock);
  return {
    get profile() {
      return embedder.profile;
    },
    embedQuery: async (query, signal) =>
      measure('embed_query', signal, async () => embedder.embedQuery(query, signal)),
    embedPassages: async (texts, signal) =>
      measure('embed_passages', signal, async () => embedder.embedPassages(texts, signal)),
  };
}

/** The same reranker; each call is measured. */
export function measuredReranker(reranker: Reranker, metrics: Measured, clock: Clock): Reranker {
  const measure = measuring(metrics, clock);
  return {
    profile: reranker.profile,
    rerank: async (query, texts, signal) =>
      measure('rerank', signal, async () => reranker.rerank(query, texts, signal)),
  };
}

/** The same generator; each stream is measured to its end. */
export function measuredGenerator(generator: Generator, metrics: Measured, clock: Clock): Generator {
  return {
    profile: generator.profile,
    preload: async (signal) => generator.preload(signal),
    async *generate(request, signal) {
      const began = clock.monotonic();
      let outcome: CallOutcome = 'left';
      try {
        yield* generator.generate(request, signal);
        outcome = 'ok';
      } catch (error) {
        if (!signal.aborted) outcome = 'failed';
        throw error;
      } finally {
        metrics.modelCall({ call: 'generate', outcome, durationMs: clock.monotonic() - began });
      }
    },
  };
}

function measuring(metrics: Measured, clock: Clock) {
  return async <T>(call: ModelCall, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const began = clock.monotonic();
    const done = (outcome: CallOutcome): void =>
      metrics.modelCall({ call, outcome, durationMs: clock.monotonic() - began });
    try {
      const result = await work();
      done('ok');
      return result;
    } catch (error) {
      done(signal.aborted ? 'left' : 'failed');
      throw error;
    }
  };
}
