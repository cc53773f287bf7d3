import type { ChunkId, Scope } from '../documents/ids.ts';
import type { Candidate, ChunkIndex } from './chunk-index.ts';
import type { Embedder } from './embedder.ts';
import type { Filter } from './filter.ts';
import type { RecalledChunk } from './fuse.ts';
import type { RetrievalMode } from './search.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface RecallPlan {
  readonly query: string;
  readonly scopes: readonly Scope[];
  readonly filter: Filter;
  readonly mode: RetrievalMode;
  /** Candidates of each side in each collection. */
  readonly limit: number;
}

/** A side of the recall that did not work, with the reason. */
export interface RecallFailure {
  readonly side: 'embedding' | 'dense' | 'lexical';
  readonly reason: string;
}

export interface Recall {
  readonly chunks: readonly RecalledChunk[];
  /** What was really used. */
  readonly mode: RetrievalMode;
  readonly failures: readonly RecallFailure[];
}

export interface RecallDependencies {
  readonly index: ChunkIndex;
  readonly embedder: Embedder;
  readonly stopwatch: Stopwatch;
}

type Side = ReadonlyMap<Scope, readonly Candidate[]>;

interface DenseSide {
  readonly vector: Float32Array;
  readonly side: Side;
}

/**
 * Asks the lexical and the dense side of every collection; each may fail on its own. A query without vector, or a
 * failed side, leaves the other one. Throws only when nothing is left, or the signal is aborted.
 */
export async function recall(
  plan: RecallPlan,
  { index, embedder, stopwatch }: RecallDependencies,
  signal: AbortSignal,
): Promise<Recall> {
  const attempts = new Attempts(signal);
  const askLexical = async (): Promise<Side | null> =>
    attempts.run('lexical', async () =>
      stopwatch.time('lexical', async () => lexicalSide(plan, index, signal)),
    );
  const embed = async (): Promise<Float32Array | null> =>
    attempts.run('embedding', async () =>
      stopwatch.time('embed', async () => embedder.embedQuery(plan.query, signal)),
    );
  const askDense = async (): Promise<DenseSide | null> => {
    const vector = await embed();
    if (vector === null) return null;
    const side = await attempts.run('dense', async () =>
      stopwatch.time('dense', async () => denseSide(plan, { index, vector }, signal)),
    );
    return side === null ? null : { vector, side };
  };
  const [first, dense] = await Promise.all([
    plan.mode === 'dense' ? null : askLexical(),
    plan.mode === 'lexical' ? null : askDense(),
  ]);
  const lexical = plan.mode === 'dense' && dense === null ? await askLexical() : first;
  if (lexical === null && dense === null) throw attempts.firstError();
  const chunks = await stopwatch.time('fuse', async () => merge(plan, { lexical, dense, index, attempts }));
  return { chunks, mode: usedMode(lexical, dense), failures: attempts.failures };
}

/** Remembers what failed, so that the rest can go on. */
class Attempts {
  readonly failures: RecallFailure[] = [];
  readonly #signal: AbortSignal;
  readonly #errors: unknown[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Null when it fails. @throws the reason of the signal once that is aborted. */
  async run<T>(side: RecallFailure['side'], work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#errors.push(error);
      this.failures.push({ side, reason: error instanceof Error ? error.message : String(error) });
      return null;
    }
  }

  firstError(): unknown {
    return this.#errors[0] ?? new Error('no side of the recall could be asked');
  }
}

function usedMode(lexical: Side | null, dense: DenseSide | null): RetrievalMode {
  if (lexical === null) return 'dense';
  return dense === null ? 'lexical' : 'hybrid';
}

async function lexicalSide(plan: RecallPlan, index: ChunkIndex, signal: AbortSignal): Promise<Side> {
  const request = { query: plan.query, filter: plan.filter, limit: plan.limit };
  const side = new Map<Scope, readonly Candidate[]>();
  for (const scope of plan.scopes) side.set(scope, await index.lexical(scope, request, signal));
  return side;
}

async function denseSide(
  plan: RecallPlan,
  using: { index: ChunkIndex; vector: Float32Array },
  signal: AbortSignal,
): Promise<Side> {
  const request = { query: using.vector, filter: plan.filter, limit: plan.limit };
  const side = new Map<Scope, readonly Candidate[]>();
  for (const scope of plan.scopes) side.set(scope, await using.index.dense(scope, request, signal));
  return side;
}

interface Sides {
  readonly lexical: Side | null;
  readonly dense: DenseSide | null;
  readonly index: ChunkIndex;
  readonly attempts: Attempts;
}

/** The union of both sides; what one side did not list is looked up. */
async function merge(plan: RecallPlan, { lexical, dense, index, attempts }: Sides): Promise<RecalledChunk[]> {
  const chunks: RecalledChunk[] = [];
  for (const scope of plan.scopes) {
    const words = scoresById(lexical?.get(scope));
    const cosines = scoresById(dense?.side.get(scope));
    if (lexical !== null)
      await addMissing(words, cosines, async (missing) =>
        attempts.run('lexical', async () => index.lexicalScores(scope, plan.query, missing)),
      );
    if (dense !== null)
      await addMissing(cosines, words, async (missing) =>
        attempts.run('dense', async () => index.denseScores(scope, dense.vector, missing)),
      );
    for (const [chunkId, lexicalScore] of words)
      chunks.push({ scope, chunkId, lexical: lexicalScore, cosine: cosines.get(chunkId) ?? Number.NaN });
    for (const [chunkId, cosine] of cosines)
      if (!words.has(chunkId)) chunks.push({ scope, chunkId, lexical: 0, cosine });
  }
  return chunks;
}

function scoresById(candidates: readonly Candidate[] = []): Map<ChunkId, number> {
  const scores = new Map<ChunkId, number>();
  for (const { chunkId, score } of candidates) scores.set(chunkId, score);
  return scores;
}

/** Adds the scores of chunks that only the other side listed. */
async function addMissing(
  scores: Map<ChunkId, number>,
  other: ReadonlyMap<ChunkId, number>,
  lookUp: (missing: readonly ChunkId[]) => Promise<Float64Array | null>,
): Promise<void> {
  const missing = [...other.keys()].filter((id) => !scores.has(id));
  if (missing.length === 0) return;
  for (const [at, score] of (await lookUp(missing))?.entries() ?? []) {
    const id = missing[at];
    if (id !== undefined) scores.set(id, score);
  }
}
