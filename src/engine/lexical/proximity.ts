import { FIELD_BORDER, type LexicalQuery } from './lexical-query.ts';

export interface ProximityWeights {
  readonly orderedWeight: number;
  readonly windowWeight: number;
  readonly window: number;
}

/** The term ids of a chunk in reading order: a range of all. */
export interface ChunkTerms {
  readonly terms: Uint32Array;
  readonly start: number;
  readonly end: number;
}

/** What the nearness of neighbouring query terms adds to the score of a chunk. */
export type ProximityScorer = (chunk: ChunkTerms, saturation: number) => number;

/**
 * Scores each pair of neighbouring query terms like a term of its own: its idf is the sum of both, its
 * frequency the number of times they stand side by side in order, or within the window in any order.
 */
export function proximityScorer(query: LexicalQuery, weights: ProximityWeights): ProximityScorer {
  const { terms, pairs } = query;
  const width = terms.length;
  const pairOf = new Int32Array(width * width).fill(-1);
  for (const [at, [first, second]] of pairs.entries()) pairOf[first * width + second] = at;
  const idfs = Float64Array.from(pairs, ([a, b]) => (terms[a]?.idf ?? 0) + (terms[b]?.idf ?? 0));
  const occurrences = new Occurrences(query);
  const counts = new PairCounts({ width, pairOf, pairs: pairs.length, window: weights.window });
  return (chunk, saturation) => {
    occurrences.read(chunk);
    counts.count(occurrences);
    let score = 0;
    for (let at = 0; at < idfs.length; at++) {
      const side = counts.ordered[at] ?? 0;
      const close = counts.near[at] ?? 0;
      if (close === 0) continue;
      score +=
        (idfs[at] ?? 0) *
        ((weights.orderedWeight * side) / (side + saturation) +
          (weights.windowWeight * close) / (close + saturation));
    }
    return score;
  };
}

/** More than any window, so that words of two fields are never near. */
const BORDER_GAP = 1000;
const EMPTY = 0xffff_ffff;

/** Where the terms of a query stand in one chunk after the other. */
class Occurrences {
  /** A sparse hash table with open addresses of term ids, and in parallel their positions in the query. */
  readonly #ids: Uint32Array;
  readonly #positionOf: Uint32Array;
  readonly #mask: number;
  /** Places in the chunk. */
  places = new Uint32Array(256);
  /** Positions in the query's terms, in parallel. */
  positions = new Uint32Array(256);
  length = 0;

  constructor({ terms }: LexicalQuery) {
    const size = 2 ** Math.ceil(Math.log2(32 * terms.length + 32));
    this.#ids = new Uint32Array(size).fill(EMPTY);
    this.#positionOf = new Uint32Array(size);
    this.#mask = size - 1;
    for (const [position, { id }] of terms.entries()) {
      const at = this.#find(id);
      this.#ids[at] = id;
      this.#positionOf[at] = position;
    }
  }

  read({ terms, start, end }: ChunkTerms): void {
    if (end - start > this.places.length) {
      this.places = new Uint32Array(end - start);
      this.positions = new Uint32Array(end - start);
    }
    const ids = this.#ids;
    const mask = this.#mask;
    let length = 0;
    let place = 0;
    for (let i = start; i < end; i++) {
      const term = terms[i] ?? 0;
      place++;
      if (term === FIELD_BORDER) place += BORDER_GAP;
      else if (ids[term & mask] !== EMPTY) {
        const at = this.#find(term);
        if (ids[at] === EMPTY) continue;
        this.places[length] = place;
        this.positions[length++] = this.#positionOf[at] ?? 0;
      }
    }
    this.length = length;
  }

  /** Where a term is in the table, or the empty place where it would be. */
  #find(term: number): number {
    let at = term & this.#mask;
    while (this.#ids[at] !== EMPTY && this.#ids[at] !== term) at = (at + 1) & this.#mask;
    return at;
  }
}

interface PairTable {
  readonly width: number;
  /** first * width + second -> number of the pair, or -1. */
  readonly pairOf: Int32Array;
  readonly pairs: number;
  readonly window: number;
}

/** How often the pairs of a query stand side by side, and near each other. */
class PairCounts {
  readonly #table: PairTable;
  readonly ordered: Uint32Array;
  readonly near: Uint32Array;

  constructor(table: PairTable) {
    this.#table = table;
    this.ordered = new Uint32Array(table.pairs);
    this.near = new Uint32Array(table.pairs);
  }

  count({ places, positions, length }: Occurrences): void {
    this.ordered.fill(0);
    this.near.fill(0);
    const { window } = this.#table;
    for (let i = 0; i < length; i++) {
      const place = places[i] ?? 0;
      for (let j = i + 1; j < length; j++) {
        const distance = (places[j] ?? 0) - place;
        if (distance >= window) break;
        this.#add(positions[i] ?? 0, positions[j] ?? 0, distance);
      }
    }
  }

  #add(first: number, second: number, distance: number): void {
    const { width, pairOf } = this.#table;
    const forward = pairOf[first * width + second] ?? -1;
    if (forward >= 0) {
      if (distance === 1) this.ordered[forward] = (this.ordered[forward] ?? 0) + 1;
      this.near[forward] = (this.near[forward] ?? 0) + 1;
    }
    const backward = pairOf[second * width + first] ?? -1;
    if (backward >= 0) this.near[backward] = (this.near[backward] ?? 0) + 1;
  }
}
