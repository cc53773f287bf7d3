import type { EncodingProgress } from '../documents/encodings.ts';
import type { ChunkId, Scope } from '../documents/ids.ts';
import type { Attempts } from './attempts.ts';
import type { Embedder, EmbeddingProfile } from './embedder.ts';
import type { SearchedIndex } from './limited-index.ts';
import type { QueryVectorCache, QueryVectorKey } from './query-vector-cache.ts';
import { askAll, type RecallPlan, type Side } from './recall-plan.ts';
import type { Stopwatch } from './stopwatch.ts';

/** The optional second embedding model with the vectors of the queries that it was asked before. */
export interface Encoder {
  readonly embedder: Embedder;
  readonly cache: QueryVectorCache;
  /** Why it cannot fill in the collections that it does not serve yet, or null. */
  readonly problem?: () => string | null;
}

export interface DenseDependencies {
  readonly index: SearchedIndex;
  /** The built-in model, whose vectors every chunk is committed with; null: chunks have none. */
  readonly embedder: Embedder | null;
  /** Serves instead where it has seen the collections; the built-in model is there when it fails. */
  readonly encoder?: Encoder | null;
  readonly stopwatch: Stopwatch;
}

/** What a dense search found, and how to score more chunks in the same way. */
export interface DenseSide {
  /** Of the model that served. */
  readonly profile: EmbeddingProfile;
  /** The encoder failed, and the static vectors serve instead. */
  readonly isFallback: boolean;
  readonly side: Side;
  score(scope: Scope, chunks: readonly ChunkId[]): Promise<Float64Array>;
}

/** At most this share of a collection may be without encoding when the encoder serves it. */
const MISSING_SHARE = 0.05;

/**
 * Whether the encoder serves a collection: it has seen all of it but a twentieth. Chunks that it lacks are then found
 * by their words and fused like chunks without vector; scores of two models are never compared.
 */
export function isServed({ encoded, total }: EncodingProgress): boolean {
  return encoded > 0 ? total - encoded <= MISSING_SHARE * total : total === 0;
}

/**
 * The ladder of the dense side: the encoder's vector of the query, asked for or remembered; else the static vectors;
 * else null, and words alone remain. One model serves all collections of a question.
 */
export async function denseRecall(
  plan: RecallPlan,
  dependencies: DenseDependencies,
  attempts: Attempts,
): Promise<DenseSide | null> {
  const { encoder = null, index, embedder } = dependencies;
  if (encoder === null) return byStaticVectors(plan, dependencies, attempts);
  const progress = await attempts.run('dense', async () => progressOf(plan, index, encoder));
  if (progress?.isServing === false) {
    const isUnready = embedder === null && !progress.isEmpty;
    const problem = encoder.problem?.() ?? (isUnready ? unready(encoder) : null);
    if (problem !== null) attempts.failures.push({ side: 'embedding', reason: problem });
    const found = await byStaticVectors(plan, dependencies, attempts);
    return found === null ? null : { ...found, isFallback: problem !== null };
  }
  const found = progress === null ? 'failed' : await byEncoder(plan, { ...dependencies, encoder }, attempts);
  if (found !== 'failed') return found;
  const fallback = await byStaticVectors(plan, dependencies, attempts);
  return fallback === null ? null : { ...fallback, isFallback: true };
}

function unready({ embedder }: Encoder): string {
  return `"${embedder.profile.model}" has not seen all passages yet`;
}

interface Progress {
  readonly isServing: boolean;
  /** There is nothing to search. */
  readonly isEmpty: boolean;
}

async function progressOf(plan: RecallPlan, index: SearchedIndex, { embedder }: Encoder): Promise<Progress> {
  let encoded = 0;
  let total = 0;
  let isServing = true;
  for (const scope of plan.scopes) {
    const progress = await index.encoded(scope, embedder.profile.model);
    isServing &&= isServed(progress);
    encoded += progress.encoded;
    total += progress.total;
  }
  return { isServing: isServing && encoded > 0, isEmpty: total === 0 };
}

/** `failed`: the next rung is tried. Null: the model knows no word of the query. */
async function byEncoder(
  plan: RecallPlan,
  { index, encoder, stopwatch }: DenseDependencies & { readonly encoder: Encoder },
  attempts: Attempts,
): Promise<DenseSide | null | 'failed'> {
  const { profile } = encoder.embedder;
  const embedded = await attempts.run('embedding', async () =>
    stopwatch.time('embed', async () => ({ vector: await queryVector(plan, encoder, attempts.signal) })),
  );
  if (embedded === null) return 'failed';
  const { vector } = embedded;
  if (vector === null) return null;
  const query = { model: profile.model, vector };
  const request = { query, filter: plan.filter, limit: plan.limit };
  const side = await attempts.run('dense', async () =>
    stopwatch.time('dense', async () =>
      askAll(plan, async (scope) => index.denseEncoded(scope, request, attempts.signal)),
    ),
  );
  if (side === null) return 'failed';
  encoder.cache.set(keyOf(plan, profile.model), vector);
  return {
    profile,
    isFallback: false,
    side,
    score: async (scope, chunks) => index.encodedScores(scope, query, chunks),
  };
}

/** Remembered vectors come first: they are the same, at once, and whether or not the model is there. */
async function queryVector(
  plan: RecallPlan,
  { embedder, cache }: Encoder,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  const { model } = embedder.profile;
  const known = cache.get(keyOf(plan, model));
  if (known !== null) return known;
  const vector = await embedder.embedQuery(plan.query, signal);
  if (vector !== null) requireUsable(vector, embedder.profile);
  return vector;
}

/** @throws when the vector would be compared with others in vain. */
function requireUsable(vector: Float32Array, { model, dimensions }: EmbeddingProfile): void {
  if (vector.length !== dimensions)
    throw new Error(`"${model}" returned a vector of ${vector.length} dimensions, not ${dimensions}`);
  if (vector.some((value) => !Number.isFinite(value)))
    throw new Error(`"${model}" returned a vector with components that are no numbers`);
}

function keyOf({ query, scopes }: RecallPlan, model: string): QueryVectorKey {
  return { tenant: scopes[0]?.tenant ?? null, model, query };
}

async function byStaticVectors(
  plan: RecallPlan,
  { index, embedder, stopwatch }: DenseDependencies,
  attempts: Attempts,
): Promise<DenseSide | null> {
  if (embedder === null) return null;
  const vector = await attempts.run('embedding', async () =>
    stopwatch.time('embed', async () => embedder.embedQuery(plan.query, attempts.signal)),
  );
  if (vector === null) return null;
  const request = { query: vector, filter: plan.filter, limit: plan.limit };
  const side = await attempts.run('dense', async () =>
    stopwatch.time('dense', async () =>
      askAll(plan, async (scope) => index.dense(scope, request, attempts.signal)),
    ),
  );
  // Nothing in these collections has a vector: words alone were searched.
  if (side === null || [...side.values()].every((found) => found.length === 0)) return null;
  return {
    profile: embedder.profile,
    isFallback: false,
    side,
    score: async (scope, chunks) => index.denseScores(scope, vector, chunks),
  };
}
