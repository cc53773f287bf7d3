import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../core/documents/catalog.ts';
import type { Scope } from '../core/documents/ids.ts';
import type { DependencyHealth } from '../core/health.ts';
import { createEncode, type Encode } from '../core/ingest/encode.ts';
import type { ChunkIndex } from '../core/retrieval/chunk-index.ts';
import type { Encoder } from '../core/retrieval/dense-recall.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
import { createQueryVectorCache } from '../core/retrieval/query-vector-cache.ts';
import type { SearchedIndex } from '../core/retrieval/limited-index.ts';
import type { Retrieve } from '../core/retrieval/retrieve.ts';
import { quantise } from '../engine/dense/dense-index.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { wait } from '../lib/wait.ts';
import { forEachCollection } from './verify-index.ts';

export interface EncoderDependencies {
  /** The encoder for queries and passages, guarded. */
  readonly embedder: Embedder;
  readonly catalog: Catalog;
  readonly index: ChunkIndex;
  readonly logger: Logger;
  /** Why the encoder does not work now, or null. */
  readonly problem?: () => string | null;
}

export interface EncoderProgress {
  readonly encoded: number;
  readonly total: number;
}

/** A second embedding model at work: it fills in behind, and serves queries where it is ready. */
export interface RunningEncoder extends AsyncDisposable {
  /** For retrieval. */
  readonly encoder: Encoder;
  /** The same retrieval; while it works, the filling waits. */
  first(retrieve: Retrieve): Retrieve;
  /** The same writing; what it wrote is filled in after it. */
  after<Parameters extends readonly unknown[], Written>(
    write: (...parameters: Parameters) => Promise<Written>,
  ): (...parameters: Parameters) => Promise<Written>;
  /** Says that there may be new passages. */
  wake(): void;
  /** How far it is. */
  health(): Promise<DependencyHealth>;
  /** Passages of all collections, and those that it has filled in. */
  progress(): Promise<EncoderProgress>;
}

/** Starts to fill in what is missing. Dispose it before the index and the catalog. */
export function startEncoder(dependencies: EncoderDependencies): RunningEncoder {
  const { embedder, catalog, index, logger, problem } = dependencies;
  const { model } = embedder.profile;
  let queries = 0;
  const encode = createEncode({
    catalog,
    index,
    embedder,
    quantise,
    clock: systemClock,
    scopes: async () => allScopes(catalog),
    mayRun: () => queries === 0,
    wait,
    turn: async () => setImmediate(),
    onFailure: (error, retryInMs) => logger.warn('encoding_failed', { model, error, retry_in_ms: retryInMs }),
  });
  return {
    encoder: { embedder, cache: createQueryVectorCache(), ...(problem === undefined ? {} : { problem }) },
    first: (retrieve) => async (request, signal) => {
      queries++;
      try {
        return await retrieve(request, signal);
      } finally {
        queries--;
      }
    },
    after:
      (write) =>
      async (...parameters) => {
        const written = await write(...parameters);
        encode.wake();
        return written;
      },
    wake: () => encode.wake(),
    health: async () => encoderHealth(model, encode, catalog),
    progress: async () => totalProgress(model, catalog),
    [Symbol.asyncDispose]: async () => encode[Symbol.asyncDispose](),
  };
}

/** An index as an encoder serves it: a collection without vectors waits for none, and keeps no other from its own. */
export function besideEncoder(index: SearchedIndex, catalog: Pick<Catalog, 'getCollection'>): SearchedIndex {
  return {
    ...index,
    async encoded(scope, model) {
      const collection = await catalog.getCollection(scope);
      return collection?.embedder === 'none' ? { encoded: 0, total: 0 } : index.encoded(scope, model);
    },
  };
}

/** Collections, and generations of them that are to serve later or again, which the encoder is for. */
async function allScopes(catalog: Pick<Catalog, 'listCollections' | 'generations'>): Promise<Scope[]> {
  const scopes: Scope[] = [];
  await forEachCollection(catalog, async (scope, { embedder }) => {
    if (embedder === null) scopes.push(scope);
  });
  const others = (await catalog.generations(null)).filter(
    ({ state, embedder }) => state !== 'live' && embedder === null,
  );
  return [...scopes, ...others.map(({ scope }) => scope)];
}

/** Never throws: a catalog that cannot be read shows in its own health. */
async function encoderHealth(
  model: string,
  encode: Encode,
  catalog: Pick<Catalog, 'listCollections' | 'encodingProgress'>,
): Promise<DependencyHealth> {
  const { reason, refused } = encode.status();
  const progress = await totalProgress(model, catalog).catch(() => null);
  const details = [
    progress === null ? model : `${model}: ${progress.encoded} of ${progress.total} passages`,
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(reason === null ? [] : [reason]),
  ];
  return { name: 'encoder', state: reason === null ? 'up' : 'degraded', detail: details.join('; ') };
}

async function totalProgress(
  model: string,
  catalog: Pick<Catalog, 'listCollections' | 'encodingProgress'>,
): Promise<EncoderProgress> {
  let encoded = 0;
  let total = 0;
  await forEachCollection(catalog, async (scope, { embedder }) => {
    if (embedder !== null) return;
    const progress = await catalog.encodingProgress(scope, model);
    encoded += progress.encoded;
    total += progress.total;
  });
  return { encoded, total };
}
