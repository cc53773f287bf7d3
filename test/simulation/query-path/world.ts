import { catalogScan } from '../../../src/adapters/chunk-index/catalog-scan.ts';
import { createBreakers } from '../../../src/app/breakers.ts';
import { sparingReserve, timeLeftMs } from '../../../src/app/guarded-models.ts';
import { indexLimit, lostIndex } from '../../../src/app/lost-index.ts';
import type { ModelMonitor } from '../../../src/app/model-monitor.ts';
import { watchedEmbedder, watchedGenerator, watchedReranker } from '../../../src/app/watched-models.ts';
import { cachedAsking } from '../../../src/core/answer/cached-asking.ts';
import { createAsking, type Asking } from '../../../src/core/answer/create-ask.ts';
import type { Breakers } from '../../../src/core/breakers.ts';
import type { Generator } from '../../../src/core/models/generator.ts';
import type { Reranker } from '../../../src/core/models/reranker.ts';
import type { WithinLimit } from '../../../src/core/retrieval/catalog-scan.ts';
import type { Embedder } from '../../../src/core/retrieval/embedder.ts';
import { createQueryVectorCache } from '../../../src/core/retrieval/query-vector-cache.ts';
import { reranked } from '../../../src/core/retrieval/rerank.ts';
import { createRetrieve } from '../../../src/core/retrieval/retrieve.ts';
import type { Transition } from '../../../src/resilience/breaker-state.ts';
import { recordingLogger } from '../../end-to-end/service.ts';
import type { FaultSource } from './fault-source.ts';
import { lastNoted, noted, observed, type Call } from './journal.ts';
import type { SimulatedLibrary } from './library.ts';
import type { Schedule } from './schedule.ts';
import { ENCODER, simulatedEmbedder, simulatedGenerator, simulatedReranker } from './simulated-models.ts';
import { simulatedAnalysis, simulatedCatalog, simulatedIndex, simulatedScan } from './simulated-storage.ts';

/** How long a canary waits for the next, as by default. */
const CANARY_MS = 10_000;
const MAX_STALE_MS = 3_600_000;

/** The whole way of a question, of real parts over simulated models and storage. */
export interface World {
  readonly asking: Asking;
  readonly breakers: Breakers;
  /** Names of the breakers. */
  readonly held: readonly string[];
  readonly transitions: readonly Transition[];
  close(): Promise<void>;
}

export function openWorld(schedule: Schedule, source: FaultSource, base: SimulatedLibrary): World {
  const { time } = source;
  const { catalog, index, embedder } = base.library;
  const watch = { intervalMs: CANARY_MS, logger: recordingLogger(), time, random: source.random };
  const { has } = schedule;
  const encoder = has.encoder ? watchedEmbedder(simulatedEmbedder(source), watch) : null;
  const generator = has.generator ? watchedGenerator(simulatedGenerator(source), watch) : null;
  const reranker = has.reranker ? watchedReranker(simulatedReranker(source), watch) : null;
  const watched = [encoder, generator, reranker].filter((one) => one !== null);
  const monitors: ModelMonitor[] = watched.map(({ monitor }) => monitor);
  const held = watched.map(({ breaker }) => breaker);
  const transitions: Transition[] = [];
  for (const breaker of held) breaker.onTransition((transition) => transitions.push(transition));
  for (const monitor of monitors) monitor.start();
  let ids = 0;
  const newId = (): string => `answer-${++ids}`;
  const catalogPort = simulatedCatalog(base.reads, source);
  const limitIndex = seenLimit(indexLimit(time));
  const fused = createRetrieve({
    catalog: { ...catalogPort, sketchesOf: catalog.sketchesOf },
    index: simulatedIndex(index, source, embedder.profile.dimensions),
    embedder: seenStatic(embedder),
    encoder: encoder && { embedder: seenEncoder(encoder.model), cache: seenCache() },
    lostIndex: lostIndex(simulatedScan(catalogScan({ source: catalog }), source), time),
    limitIndex,
    clock: time,
    newId,
  });
  const asking = createAsking({
    retrieve: reranker ? reranked(fused, { reranker: seenReranker(reranker.model), clock: time }) : fused,
    catalog: catalogPort,
    analysis: simulatedAnalysis(base.analysis, source),
    limitIndex,
    embed: base.embed,
    generator: generator && seenGenerator(generator.model),
    countTokens: (text) => text.length / 4,
    clock: time,
  });
  return {
    asking: cachedAsking(asking, {
      catalog: catalogPort,
      clock: time,
      newId,
      maxBytes: has.cache ? 2 ** 20 : 0,
      maxStaleMs: MAX_STALE_MS,
      sparing: sparingReserve,
      timeLeftMs,
      fingerprint: 'simulation',
    }),
    breakers: createBreakers(held, recordingLogger()),
    held: held.map(({ name }) => name),
    transitions,
    close: async () => {
      for (const monitor of monitors) await monitor[Symbol.asyncDispose]();
    },
  };
}

/** A call of the index ends for the question when its limit does. */
function seenLimit(limit: WithinLimit): WithinLimit {
  return async (signal, work) => {
    let call: Call | undefined;
    try {
      const value = await limit(signal, async (early) => {
        const working = work(early);
        call = lastNoted();
        return working;
      });
      if (call !== undefined) call.end = 'ok';
      return value;
    } catch (error) {
      if (call !== undefined) call.end = 'threw';
      throw error;
    }
  };
}

function seenStatic(embedder: Embedder): Embedder {
  return {
    ...embedder,
    embedQuery: async (...asked) =>
      observed(
        'static',
        async () => embedder.embedQuery(...asked),
        (vector) => (vector === null ? 'null' : 'ok'),
      ),
  };
}

function seenEncoder(encoder: Embedder): Embedder {
  const { dimensions } = ENCODER.profile;
  return {
    profile: encoder.profile,
    embedPassages: encoder.embedPassages,
    embedQuery: async (...asked) =>
      observed(
        'encode',
        async () => encoder.embedQuery(...asked),
        (vector) =>
          vector?.length === dimensions && vector.every((value) => Number.isFinite(value)) ? 'ok' : 'lie',
      ),
  };
}

function seenCache(): ReturnType<typeof createQueryVectorCache> {
  const cache = createQueryVectorCache();
  return {
    set: cache.set,
    get(key) {
      const vector = cache.get(key);
      if (vector !== null) noted('remembered').end = 'ok';
      return vector;
    },
  };
}

function seenReranker(reranker: Reranker): Reranker {
  return {
    ...reranker,
    rerank: async (query, texts, signal) =>
      observed(
        'rerank',
        async () => reranker.rerank(query, texts, signal),
        (scores) =>
          scores.length === texts.length && scores.every((score) => Number.isFinite(score)) ? 'ok' : 'lie',
      ),
  };
}

function seenGenerator(generator: Generator): Generator {
  return {
    ...generator,
    async *generate(request, signal) {
      const call = noted('generate');
      try {
        yield* generator.generate(request, signal);
        call.end = 'ok';
      } catch (error) {
        call.end = 'threw';
        throw error;
      } finally {
        // The reader had enough.
        if (call.end === 'pending') call.end = 'ok';
      }
    },
  };
}
