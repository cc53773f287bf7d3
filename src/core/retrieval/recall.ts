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

/**
 * Asks the lexical and the dense side of every collection; each may fail on its own. A query without vector, or a
 * failed side, leaves the other one. Throws only when nothing is left.
 */
export async function recall(
  plan: RecallPlan,
  dependencies: RecallDependencies,
  signal: AbortSignal,
): Promise<Recall> {
  const failures: RecallFailure[] = [];
  const errors: unknown[] = [];
  const attempt = async <T>(side: RecallFailure['side'], work: () => Promise<T>): Promise<T | null> => {
    try {
      return await dependencies.stopwatch.time(side === 'embedding' ? 'embed' : side, work);
    } catch (error) {
      if (signal.aborted) throw error;
      errors.push(error);
      failures.push({ side, reason: error instanceof Error ? error.message : String(error) });
      return null;
    }
  };
  const askLexical = (): Promise<Side | null> =>
    attempt('lexical', async () => lexicalSide(plan, dependencies.index, signal));
  const askDense = async (): Promise<{ vector: Float32Array; side: Side | null } | null> => {
    const vector = await attempt('embedding', async () =>
      dependencies.embedder.embedQuery(plan.query, signal),
    );
    if (vector === null) return null;
    return {
      vector,
      side: await attempt('dense', async () =>
        denseSide(plan, { index: dependencies.index, vector }, signal),
      ),
    };
  };
  const [first, found] = await Promise.all([
    plan.mode === 'dense' ? null : askLexical(),
    plan.mode === 'lexical' ? null : askDense(),
  ]);
  const dense = found?.side ?? null;
  const lexical = plan.mode === 'dense' && dense === null ? await askLexical() : first;
  if (lexical === null && dense === null)
    throw errors[0] ?? new Error('no side of the recall could be asked');
  const vector = found?.vector ?? null;
  const chunks = await dependencies.stopwatch.time('fuse', async () =>
    merge(plan, { lexical, dense, vector, index: dependencies.index }),
  );
  return { chunks, mode: usedMode(lexical, dense), failures };
}

function usedMode(lexical: Side | null, dense: Side | null): RetrievalMode {
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
  readonly dense: Side | null;
  readonly vector: Float32Array | null;
  readonly index: ChunkIndex;
}

/** The union of both sides; what one side did not list is looked up. */
async function merge(plan: RecallPlan, sides: Sides): Promise<RecalledChunk[]> {
  const chunks: RecalledChunk[] = [];
  for (const scope of plan.scopes) {
    const lexical = scoresById(sides.lexical?.get(scope));
    const cosines = scoresById(sides.dense?.get(scope));
    if (sides.lexical !== null) {
      const missing = missingFrom(lexical, cosines);
      if (missing.length > 0)
        addScores(lexical, missing, await sides.index.lexicalScores(scope, plan.query, missing));
    }
    if (sides.dense !== null && sides.vector !== null) {
      const missing = missingFrom(cosines, lexical);
      if (missing.length > 0)
        addScores(cosines, missing, await sides.index.denseScores(scope, sides.vector, missing));
    }
    const ids = sides.lexical === null ? cosines : lexical;
    for (const chunkId of ids.keys()) {
      chunks.push({
        scope,
        chunkId,
        lexical: lexical.get(chunkId) ?? 0,
        cosine: cosines.get(chunkId) ?? Number.NaN,
      });
    }
  }
  return chunks;
}

function scoresById(candidates: readonly Candidate[] = []): Map<ChunkId, number> {
  return new Map(candidates.map(({ chunkId, score }) => [chunkId, score]));
}

function missingFrom(known: ReadonlyMap<ChunkId, number>, other: ReadonlyMap<ChunkId, number>): ChunkId[] {
  return [...other.keys()].filter((id) => !known.has(id));
}

function addScores(scores: Map<ChunkId, number>, ids: readonly ChunkId[], values: Float64Array): void {
  for (const [at, id] of ids.entries()) scores.set(id, values[at] ?? 0);
}
