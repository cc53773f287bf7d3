import { TopK, type Candidates } from '../top-k.ts';
import { BLOCK, QUERY_OFFSET, VectorMemory } from './vector-memory.ts';

const QUERY_LEVELS = 63;
/** Far above what single precision loses in a coarse score, in quantisation steps. */
const ROUNDING = 0.01;

export interface StoredDenseIndex {
  /** Slots x dimensions, int8. */
  readonly vectors: Int8Array;
  readonly scales: Float32Array;
}

/** How the query was rounded. */
interface Rounding {
  /** What one quantisation step is worth. */
  readonly step: number;
  /** How far a coarse score can be from the true one, in steps. */
  readonly error: number;
}

interface CoarseResult extends Rounding {
  readonly coarse: Candidates;
  /** Alternating slots and coarse scores of all that may be among the best. */
  readonly kept: readonly number[];
  readonly limit: number;
}

/** A vector that an index of other dimensions was given: the caller's mistake, the index is as it was. */
export class MisfitError extends RangeError {
  override readonly name = 'MisfitError';
}

/**
 * Exact maximum inner product search over int8 vectors with one scale each. A SIMD pass scores every vector
 * with the query in 7 bits; every candidate that its error could have kept out is then scored with the query in full.
 */
export class DenseIndex {
  readonly dimensions: number;
  readonly #memory: VectorMemory;

  constructor(dimensions: number, stored?: StoredDenseIndex) {
    if (!Number.isInteger(dimensions) || dimensions < 1) {
      throw new RangeError(`dimensions must be a positive integer, not ${dimensions}`);
    }
    this.dimensions = dimensions;
    this.#memory = new VectorMemory(dimensions);
    if (stored !== undefined) this.#load(stored);
  }

  /** Number of slots, removed ones included. */
  get size(): number {
    return this.#memory.size;
  }

  get bytes(): number {
    return this.#memory.bytes;
  }

  /** Appends a vector (`values * scale`) and returns its slot. A zero scale means: has no vector. */
  add(values: Int8Array, scale: number): number {
    this.#check('vector', values.length);
    return this.#memory.add(values, scale);
  }

  /** The best `limit` slots that pass the filter, best first; scores are cosines for unit vectors. */
  search(query: Float32Array, filter: (slot: number) => boolean, limit: number): Candidates {
    const rounding = this.#setQuery(query);
    if (rounding === null) return { slots: new Uint32Array(0), scores: new Float64Array(0) };
    const coarse = new TopK(limit);
    const kept: number[] = [];
    const { scores, size } = this.#memory;
    // In steps, as the kernel gives them.
    let floor = -Number.MAX_VALUE;
    for (let start = 0; start < size; start += BLOCK) {
      if (this.#memory.scoreBlock(start) < floor) continue;
      const count = Math.min(BLOCK, size - start);
      for (let i = nextAbove(scores, 0, floor); i < count; i = nextAbove(scores, i + 1, floor)) {
        const score = scores[i] ?? 0;
        if (!filter(start + i)) continue;
        coarse.offer(start + i, score);
        kept.push(start + i, score);
        floor = Math.max(-Number.MAX_VALUE, coarse.threshold - 2 * rounding.error);
      }
    }
    return this.#refine(query, { coarse: coarse.drain(), kept, ...rounding, limit });
  }

  /** The exact score of single slots, in the order given; NaN for a slot without vector. */
  score(query: Float32Array, slots: Uint32Array): Float64Array {
    return Float64Array.from(slots, (slot) =>
      this.#memory.scale(slot) === 0 ? Number.NaN : this.#memory.dot(query, slot),
    );
  }

  /** A compact copy for a snapshot. */
  *storing(): Generator<void, StoredDenseIndex> {
    const vectors = new Int8Array(this.size * this.dimensions);
    const scales = new Float32Array(this.size);
    for (let slot = 0; slot < this.size; slot++) {
      vectors.set(this.#memory.values(slot), slot * this.dimensions);
      scales[slot] = this.#memory.scale(slot);
      yield;
    }
    return { vectors, scales };
  }

  #load({ vectors, scales }: StoredDenseIndex): void {
    this.#memory.reserve(scales.length);
    for (const [slot, scale] of scales.entries()) {
      this.#memory.add(vectors.subarray(slot * this.dimensions, (slot + 1) * this.dimensions), scale);
    }
  }

  #check(what: string, length: number): void {
    if (length === this.dimensions) return;
    throw new MisfitError(`a ${what} of ${length} dimensions does not fit an index of ${this.dimensions}`);
  }

  /**
   * Writes the query in 7 bits; null for a zero query. By the inequality of Cauchy and Schwarz a score errs by at
   * most the norm of what rounding took from the query, times the largest norm of a vector.
   */
  #setQuery(query: Float32Array): Rounding | null {
    this.#check('query', query.length);
    let largest = 0;
    for (const value of query) largest = Math.max(largest, Math.abs(value));
    if (largest === 0) return null;
    const step = largest / QUERY_LEVELS;
    const target = this.#memory.query();
    let lost = 0;
    for (let i = 0; i < query.length; i++) {
      const exact = (query[i] ?? 0) / step;
      const level = Math.round(exact);
      target[i] = level + QUERY_OFFSET;
      lost += (exact - level) ** 2;
    }
    return { step, error: Math.sqrt(lost) * this.#memory.largestNorm + ROUNDING };
  }

  /**
   * Scores what may be among the best with the full query. The coarsely best are scored first: no other slot can
   * take the place of their worst unless its coarse score comes near it.
   */
  #refine(query: Float32Array, { coarse, kept, step, error, limit }: CoarseResult): Candidates {
    const best = new TopK(limit);
    for (const slot of coarse.slots) best.offer(slot, this.#memory.dot(query, slot));
    const done = new Set(coarse.slots);
    const floor = best.threshold / step - error;
    for (let i = 0; i < kept.length; i += 2) {
      const slot = kept[i] ?? 0;
      if ((kept[i + 1] ?? 0) >= floor && !done.has(slot)) best.offer(slot, this.#memory.dot(query, slot));
    }
    return best.drain();
  }
}

/** The first place from `start` whose score is at least `floor`. Four at a time, as hardly any is. */
function nextAbove(scores: Float32Array, start: number, floor: number): number {
  let i = start;
  for (; i + 4 <= scores.length; i += 4) {
    if ((scores[i] ?? 0) >= floor) return i;
    if ((scores[i + 1] ?? 0) >= floor) return i + 1;
    if ((scores[i + 2] ?? 0) >= floor) return i + 2;
    if ((scores[i + 3] ?? 0) >= floor) return i + 3;
  }
  while (i < scores.length && (scores[i] ?? 0) < floor) i++;
  return i;
}

/** A unit vector in int8 with the scale that brings it back; all zero for the zero vector. */
export function quantise(vector: Float32Array): { readonly values: Int8Array; readonly scale: number } {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] ?? 0));
  const values = new Int8Array(vector.length);
  if (largest === 0) return { values, scale: 0 };
  const scale = largest / 127;
  for (let i = 0; i < vector.length; i++) values[i] = Math.round((vector[i] ?? 0) / scale);
  return { values, scale };
}
