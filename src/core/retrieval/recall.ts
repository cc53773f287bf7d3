import type { ChunkId, Scope } from '../documents/ids.ts';
import { Attempts, type RecallFailure } from './attempts.ts';
import type { QuestionWords, ScanDependencies } from './catalog-scan.ts';
import type { Candidate } from './chunk-index.ts';
import { denseRecall, type DenseDependencies, type DenseSide } from './dense-recall.ts';
import type { EmbeddingProfile } from './embedder.ts';
import type { RecalledChunk } from './fuse.ts';
import type { SearchedIndex } from './limited-index.ts';
import { askAll, type RecallPlan, type Side } from './recall-plan.ts';
import { scannedRecall } from './scanned-recall.ts';
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
  /** How a collection weighs the question's words, for those whose index cannot tell. */
  readonly words: ReadonlyMap<Scope, QuestionWords>;
}

export interface RecallDependencies extends DenseDependencies {
  /** For a lost index. Null or left out: a question without index fails. */
  readonly lostIndex?: ScanDependencies | null;
}

/**
 * Asks the lexical and the dense side of every collection; each may fail on its own. A query without vector, or a
 * failed side, leaves the other one. When the index fails on both, the catalog is read instead. Throws only when
 * nothing is left, or the signal is aborted.
 */
export async function recall(
  plan: RecallPlan,
  dependencies: RecallDependencies,
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
  const [first, found] = await Promise.all([
    plan.mode === 'dense' ? null : askLexical(),
    plan.mode === 'lexical' ? null : denseRecall(plan, dependencies, attempts),
  ]);
  const sides = {
    lexical: plan.mode === 'dense' && found === null ? await askLexical() : first,
    dense: found,
  };
  const { chunks, lexical, dense } = await stopwatch.time('fuse', async () =>
    merge(plan, sides, { index, attempts }),
  );
  if (lexical === null && dense === null)
    return { ...NO_VECTORS, ...(await scannedRecall(plan, dependencies, attempts)) };
  return {
    chunks,
    mode: usedMode(lexical, dense),
    embedding: dense?.profile ?? null,
    isFallback: dense?.isFallback ?? false,
    failures: attempts.failures,
    words: new Map(),
  };
}

const NO_VECTORS = { mode: 'lexical', embedding: null, isFallback: false } as const;

function usedMode(lexical: Side | null, dense: DenseSide | null): RetrievalMode {
  if (lexical === null) return 'dense';
  return dense === null ? 'lexical' : 'hybrid';
}

interface Sides {
  readonly lexical: Side | null;
  readonly dense: DenseSide | null;
}

interface Lookups {
  readonly index: SearchedIndex;
  readonly attempts: Attempts;
}

/** The union of both sides; what one side did not list is looked up. A side that cannot tell is lost as a whole. */
async function merge(
  plan: RecallPlan,
  sides: Sides,
  { index, attempts }: Lookups,
): Promise<Sides & { readonly chunks: readonly RecalledChunk[] }> {
  const chunks: RecalledChunk[] = [];
  let { lexical, dense } = sides;
  for (const scope of plan.scopes) {
    const words = scoresById(sides.lexical?.get(scope));
    const cosines = scoresById(sides.dense?.side.get(scope));
    const listed = [...words.keys()];
    if (lexical !== null) {
      const scores = await attempts.run('lexical', async () =>
        addMissing(words, cosines.keys(), async (missing) => index.lexicalScores(scope, plan.query, missing)),
      );
      if (scores === null) lexical = null;
    }
    if (dense !== null) {
      const { score } = dense;
      const scores = await attempts.run('dense', async () =>
        addMissing(cosines, listed, async (missing) => score(scope, missing)),
      );
      if (scores === null) dense = null;
    }
    for (const chunkId of new Set([...words.keys(), ...cosines.keys()])) {
      const [word, cosine] = [words.get(chunkId) ?? 0, cosines.get(chunkId) ?? Number.NaN];
      chunks.push({ scope, chunkId, lexical: word, cosine });
    }
  }
  return { chunks, lexical, dense };
}

function scoresById(candidates: readonly Candidate[] = []): Map<ChunkId, number> {
  const scores = new Map<ChunkId, number>();
  for (const { chunkId, score } of candidates) scores.set(chunkId, score);
  return scores;
}

/** Adds the scores of chunks that only the other side listed. */
async function addMissing(
  scores: Map<ChunkId, number>,
  listed: Iterable<ChunkId>,
  lookUp: (missing: readonly ChunkId[]) => Promise<Float64Array>,
): Promise<Map<ChunkId, number>> {
  const missing = [...listed].filter((id) => !scores.has(id));
  if (missing.length === 0) return scores;
  for (const [at, score] of (await lookUp(missing)).entries()) {
    const id = missing[at];
    if (id !== undefined) scores.set(id, score);
  }
  return scores;
}
