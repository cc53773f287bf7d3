import { FIELD_BORDER, type LexicalQuery } from './lexical-query.ts';

export interface ProximityWeights {
  readonly orderedWeight: number;
  readonly windowWeight: number;
  readonly window: number;
}

/** Term ids of a chunk in reading order -> what the nearness of neighbouring query terms adds to its score. */
export type ProximityScorer = (terms: Uint32Array, saturation: number) => number;

/**
 * Scores each pair of neighbouring query terms like a term of its own: its idf is the sum of both, its
 * frequency the number of times they stand side by side in order, or within the window in any order.
 */
export function proximityScorer(query: LexicalQuery, weights: ProximityWeights): ProximityScorer {
  const { terms, pairs } = query;
  const positionOf = new Map(terms.map((term, position) => [term.id, position]));
  const width = terms.length;
  const pairOf = new Int32Array(width * width).fill(-1);
  for (const [at, [first, second]] of pairs.entries()) pairOf[first * width + second] = at;
  const ordered = new Float64Array(pairs.length);
  const near = new Float64Array(pairs.length);
  return (chunk, saturation) => {
    ordered.fill(0);
    near.fill(0);
    countPairs(occurrences(chunk, positionOf), { width, pairOf, ordered, near, window: weights.window });
    let score = 0;
    for (const [at, [first, second]] of pairs.entries()) {
      const idf = (terms[first]?.idf ?? 0) + (terms[second]?.idf ?? 0);
      const side = ordered[at] ?? 0;
      const close = near[at] ?? 0;
      score +=
        idf *
        ((weights.orderedWeight * side) / (side + saturation) +
          (weights.windowWeight * close) / (close + saturation));
    }
    return score;
  };
}

/** Alternating (place in the chunk, position in the query) of the query's terms. */
function occurrences(chunk: Uint32Array, positionOf: ReadonlyMap<number, number>): number[] {
  const found: number[] = [];
  let place = 0;
  for (let i = 0; i < chunk.length; i++) {
    const term = chunk[i] ?? 0;
    if (term === FIELD_BORDER) {
      place += 1000;
      continue;
    }
    place++;
    const position = positionOf.get(term);
    if (position !== undefined) found.push(place, position);
  }
  return found;
}

interface PairCounts {
  readonly width: number;
  readonly pairOf: Int32Array;
  readonly ordered: Float64Array;
  readonly near: Float64Array;
  readonly window: number;
}

function countPairs(found: readonly number[], counts: PairCounts): void {
  for (let i = 0; i < found.length; i += 2) {
    const place = found[i] ?? 0;
    const first = found[i + 1] ?? 0;
    for (let j = i + 2; j < found.length; j += 2) {
      const distance = (found[j] ?? 0) - place;
      if (distance >= counts.window) break;
      countPair(first, found[j + 1] ?? 0, distance, counts);
    }
  }
}

function countPair(first: number, second: number, distance: number, counts: PairCounts): void {
  const forward = counts.pairOf[first * counts.width + second] ?? -1;
  if (forward >= 0) {
    if (distance === 1) counts.ordered[forward] = (counts.ordered[forward] ?? 0) + 1;
    counts.near[forward] = (counts.near[forward] ?? 0) + 1;
  }
  const backward = counts.pairOf[second * counts.width + first] ?? -1;
  if (backward >= 0) counts.near[backward] = (counts.near[backward] ?? 0) + 1;
}
