import type { ChunkId } from '../documents/ids.ts';
import { Attempts, type RecallFailure } from './attempts.ts';
import type { Candidate, ChunkIndex } from './chunk-index.ts';
import { denseRecall, type DenseDependencies, type DenseSide } from './dense-recall.ts';
import type { EmbeddingProfile } from './embedder.ts';
import type { RecalledChunk } from './fuse.ts';
import { askAll, type RecallPlan, type Side } from './recall-plan.ts';
import type { RetrievalMode } from './search.ts';

export interface Recall {
  readonly chunks: readonly RecalledChunk[];
  /** What was really used. */
  readonly mode: RetrievalMode;
  /** Of the embedding model that was used, whose weight the fusion takes; null when words alone were. */
  readonly embedding: EmbeddingProfile | null;
  /** The static vectors stand in for an encoder that failed. */
  readonly isFallback: boolean;
  readonly failures: readonly RecallFailure[];
}

/**
 * Asks the lexical and the dense side of every collection; each may fail on its own. A query without vector, or a
 * failed side, leaves the other one. Throws only when nothing is left, or the signal is aborted.
 */
export async function recall(
  plan: RecallPlan,
  dependencies: DenseDependencies,
  signal: AbortSignal,
): Promise<Recall> {
  const { index, stopwatch } = dependencies;
  const attempts = new Attempts(signal);
  const request = { query: plan.query, filter: plan.filter, limit: plan.limit };
  const askLexical = async (): Promise<Side | null> =>
    attempts.run('lexical', async () =>
      stopwatch.time('lexical', async () =>
        askAll(plan, async (scope) => index.lexical(scope, request, signal)),
      ),
    );
  const [first, dense] = await Promise.all([
    plan.mode === 'dense' ? null : askLexical(),
    plan.mode === 'lexical' ? null : denseRecall(plan, dependencies, attempts),
  ]);
  const lexical = plan.mode === 'dense' && dense === null ? await askLexical() : first;
  if (lexical === null && dense === null) throw attempts.firstError();
  const chunks = await stopwatch.time('fuse', async () => merge(plan, { lexical, dense, index, attempts }));
  return {
    chunks,
    mode: usedMode(lexical, dense),
    embedding: dense?.profile ?? null,
    isFallback: dense?.isFallback ?? false,
    failures: attempts.failures,
  };
}

function usedMode(lexical: Side | null, dense: DenseSide | null): RetrievalMode {
  if (lexical === null) return 'dense';
  return dense === null ? 'lexical' : 'hybrid';
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
        attempts.run('dense', async () => dense.score(scope, missing)),
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
