import type { Scope } from '../documents/ids.ts';
import type { ChunkId } from '../documents/ids.ts';

/** A chunk that recall found, with what both sides say of it. */
export interface RecalledChunk {
  readonly scope: Scope;
  readonly chunkId: ChunkId;
  /** 0 when no term matches. */
  readonly lexical: number;
  /** NaN when it has no vector or the query has none. */
  readonly cosine: number;
}

export interface RankedChunk extends RecalledChunk {
  readonly score: number;
}

/**
 * Fusion by scores: `weight * cosine + (1 - weight) * lexical / best lexical`. It keeps how sure each side is, which
 * reciprocal rank fusion throws away (docs/evaluation.md has the comparison). A chunk without vector is given the
 * cosine that its lexical score would deserve, so that a language the model doesn't know is not punished.
 */
export function fuse(chunks: readonly RecalledChunk[], weight: number): RankedChunk[] {
  let bestLexical = 0;
  let bestCosine = 0;
  for (const { lexical, cosine } of chunks) {
    bestLexical = Math.max(bestLexical, lexical);
    if (cosine > bestCosine) bestCosine = cosine;
  }
  const ranked = chunks.map((chunk) => {
    const share = bestLexical === 0 ? 0 : chunk.lexical / bestLexical;
    const cosine = Number.isNaN(chunk.cosine) ? bestCosine * share : chunk.cosine;
    return { ...chunk, score: weight * cosine + (1 - weight) * share };
  });
  return ranked.sort(byScore);
}

/** Best score first; ties by chunk id, so that the order is the same every time. */
export function byScore(a: RankedChunk, b: RankedChunk): number {
  return b.score - a.score || (a.chunkId < b.chunkId ? -1 : 1);
}
