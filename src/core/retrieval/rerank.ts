import { isoTime, type Clock } from '../../lib/clock.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { Reranker } from '../models/reranker.ts';
import type { Passage, Retrieve } from './retrieve.ts';

export interface RerankOptions {
  /** Guarded: it fails in time. */
  readonly reranker: Reranker;
  readonly clock: Clock;
}

/** So many of the best passages are judged again. */
const JUDGED = 30;

/** The same retrieval, its best passages in the order of a reranking model; in their own order when that is lost. */
export function reranked(retrieve: Retrieve, { reranker, clock }: RerankOptions): Retrieve {
  return async (request, signal) => {
    const topK = Math.max(request.topK, Math.min(JUDGED, reranker.profile.maxDocuments));
    const retrieval = await retrieve({ ...request, topK }, signal);
    const { passages, stopwatch } = retrieval;
    if (passages.length < 2) return retrieval;
    const judged = passages.slice(0, reranker.profile.maxDocuments);
    try {
      const texts = judged.map(({ chunk }) => [chunk.title, chunk.text].join('\n'));
      const scores = await stopwatch.time('rerank', async () =>
        untilAborted(signal, reranker.rerank(request.query, texts, signal)),
      );
      requireUsable(scores, texts.length);
      return {
        ...retrieval,
        passages: [...inOrder(judged, scores), ...passages.slice(judged.length)].slice(0, request.topK),
      };
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      const lost = { component: 'reranker', mode: 'fused_order', reason, since: isoTime(clock) };
      return {
        ...retrieval,
        passages: passages.slice(0, request.topK),
        degraded: [...retrieval.degraded, lost],
      };
    }
  };
}

/** @throws when the scores order nothing. */
function requireUsable(scores: readonly number[], count: number): void {
  if (scores.length !== count)
    throw new Error(`the reranker returned ${scores.length} scores for ${count} passages`);
  if (scores.some((score) => !Number.isFinite(score)))
    throw new Error('the reranker returned a score that is no number');
}

/** By the new score; the fused scores stay with their ranks, so that they still fall. */
function inOrder(passages: readonly Passage[], scores: readonly number[]): Passage[] {
  const order = passages.map((_, at) => at).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return order.flatMap((from, to) => {
    const passage = passages[from];
    const place = passages[to];
    if (passage === undefined || place === undefined) return [];
    return [{ ...passage, ranked: { ...passage.ranked, score: place.ranked.score } }];
  });
}
