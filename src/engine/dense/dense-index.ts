import { TopK, type Candidates } from '../top-k.ts';
import { KERNEL_BASE64 } from './kernel.ts';

const BLOCK = 2048;
const PAGE = 65_536;
const QUERY_OFFSET = 64;
const QUERY_LEVELS = 63;
/**
 * Bound of a coarse score's error in quantisation steps: the error of a unit vector has a standard deviation of
 * 0.29 steps, so this is seven of them.
 */
const ERROR_STEPS = 2;

interface Kernel {
  dot(vectors: number, count: number, stride: number, query: number, out: number): void;
}

const kernelModule = new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'));

export interface StoredDenseIndex {
  /** Slots x dimensions, int8. */
  readonly vectors: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Exact maximum inner product search over int8 vectors with one scale each. A SIMD pass scores every vector
 * with the query in 7 bits; every candidate that its error could have kept out is then scored with the query in full.
 * Vectors live in WebAssembly memory: [query | block scores | vectors].
 */
export class DenseIndex {
  readonly dimensions: number;
  readonly #stride: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #scoresAt: number;
  readonly #vectorsAt: number;
  #scales = new Float32Array(256);
  #sums = new Int32Array(256);
  readonly #block = new Float32Array(BLOCK);
  #size = 0;

  constructor(dimensions: number, stored?: StoredDenseIndex) {
    if (!Number.isInteger(dimensions) || dimensions < 1)
      throw new RangeError(`dimensions must be a positive integer, not ${dimensions}`);
    this.dimensions = dimensions;
    this.#stride = Math.ceil(dimensions / 64) * 64;
    this.#scoresAt = this.#stride;
    this.#vectorsAt = this.#scoresAt + BLOCK * 4;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil((this.#vectorsAt + this.#stride) / PAGE) });
    const instance = new WebAssembly.Instance(kernelModule, { env: { memory: this.#memory } });
    this.#kernel = instance.exports as unknown as Kernel;
    if (stored !== undefined) this.#load(stored);
  }

  /** Number of slots, removed ones included. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength + this.#scales.byteLength + this.#sums.byteLength;
  }

  /** Appends a vector (`values * scale`) and returns its slot. A zero scale means: has no vector. */
  add(values: Int8Array, scale: number): number {
    if (values.length !== this.dimensions)
      throw new RangeError(
        `a vector of ${values.length} dimensions does not fit an index of ${this.dimensions}`,
      );
    const slot = this.#size;
    this.#reserve(slot + 1);
    new Int8Array(this.#memory.buffer).set(values, this.#vectorsAt + slot * this.#stride);
    this.#setSlot(slot, values, scale);
    this.#size++;
    return slot;
  }

  /** The best `limit` slots that pass the filter, best first; scores are cosines for unit vectors. */
  search(query: Float32Array, filter: (slot: number) => boolean, limit: number): Candidates {
    const step = this.#setQuery(query);
    if (step === 0 || this.#size === 0) return { slots: new Uint32Array(0), scores: new Float64Array(0) };
    const margin = 2 * ERROR_STEPS * step;
    const coarse = new TopK(limit);
    const kept: number[] = [];
    for (let start = 0; start < this.#size; start += BLOCK) {
      const count = this.#scoreBlock(start, step);
      let floor = coarse.threshold - margin;
      for (let i = 0; i < count; i++) {
        const score = this.#block[i] ?? 0;
        if (score < floor || score === Number.NEGATIVE_INFINITY || !filter(start + i)) continue;
        coarse.offer(start + i, score);
        kept.push(start + i, score);
        floor = coarse.threshold - margin;
      }
    }
    return this.#refine(query, { kept, floor: coarse.threshold - margin, limit });
  }

  /** The exact score of single slots, in the order given; NaN for a slot without vector. */
  score(query: Float32Array, slots: Uint32Array): Float64Array {
    return Float64Array.from(slots, (slot) =>
      (this.#scales[slot] ?? 0) === 0 ? Number.NaN : this.#dot(query, slot),
    );
  }

  /** A compact copy for a snapshot. */
  store(): StoredDenseIndex {
    const vectors = new Int8Array(this.#size * this.dimensions);
    const all = new Int8Array(this.#memory.buffer);
    for (let slot = 0; slot < this.#size; slot++) {
      const from = this.#vectorsAt + slot * this.#stride;
      vectors.set(all.subarray(from, from + this.dimensions), slot * this.dimensions);
    }
    return { vectors, scales: this.#scales.slice(0, this.#size) };
  }

  #load(stored: StoredDenseIndex): void {
    const size = stored.scales.length;
    this.#reserve(size);
    const all = new Int8Array(this.#memory.buffer);
    for (let slot = 0; slot < size; slot++) {
      const values = stored.vectors.subarray(slot * this.dimensions, (slot + 1) * this.dimensions);
      all.set(values, this.#vectorsAt + slot * this.#stride);
      this.#setSlot(slot, values, stored.scales[slot] ?? 0);
    }
    this.#size = size;
  }

  #setSlot(slot: number, values: Int8Array, scale: number): void {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
    this.#sums[slot] = sum;
    this.#scales[slot] = scale;
  }

  #reserve(size: number): void {
    if (size > this.#scales.length) {
      const capacity = Math.max(size, Math.ceil(this.#scales.length * 1.5));
      const scales = new Float32Array(capacity);
      scales.set(this.#scales);
      this.#scales = scales;
      const sums = new Int32Array(capacity);
      sums.set(this.#sums);
      this.#sums = sums;
    }
    const missing = this.#vectorsAt + size * this.#stride - this.#memory.buffer.byteLength;
    if (missing > 0)
      this.#memory.grow(Math.ceil(Math.max(missing, this.#memory.buffer.byteLength / 4) / PAGE));
  }

  /** Writes the query in 7 bits; returns the size of one step, 0 for a zero query. */
  #setQuery(query: Float32Array): number {
    if (query.length !== this.dimensions)
      throw new RangeError(
        `a query of ${query.length} dimensions does not fit an index of ${this.dimensions}`,
      );
    let largest = 0;
    for (const value of query) largest = Math.max(largest, Math.abs(value));
    if (largest === 0) return 0;
    const step = largest / QUERY_LEVELS;
    const target = new Uint8Array(this.#memory.buffer, 0, this.#stride).fill(QUERY_OFFSET);
    for (let i = 0; i < query.length; i++) target[i] = Math.round((query[i] ?? 0) / step) + QUERY_OFFSET;
    return step;
  }

  /** Coarse scores of the block from `start` into `#block`; a slot without vector gets -Infinity. */
  #scoreBlock(start: number, step: number): number {
    const count = Math.min(BLOCK, this.#size - start);
    this.#kernel.dot(this.#vectorsAt + start * this.#stride, count, this.#stride, 0, this.#scoresAt);
    const products = new Int32Array(this.#memory.buffer, this.#scoresAt, count);
    const block = this.#block;
    const scales = this.#scales;
    const sums = this.#sums;
    for (let i = 0; i < count; i++) {
      const scale = scales[start + i] ?? 0;
      const product = (products[i] ?? 0) - QUERY_OFFSET * (sums[start + i] ?? 0);
      block[i] = scale === 0 ? Number.NEGATIVE_INFINITY : product * scale * step;
    }
    return count;
  }

  #refine(
    query: Float32Array,
    coarse: { kept: readonly number[]; floor: number; limit: number },
  ): Candidates {
    const best = new TopK(coarse.limit);
    for (let i = 0; i < coarse.kept.length; i += 2) {
      const slot = coarse.kept[i] ?? 0;
      if ((coarse.kept[i + 1] ?? 0) >= coarse.floor) best.offer(slot, this.#dot(query, slot));
    }
    return best.drain();
  }

  #dot(query: Float32Array, slot: number): number {
    const values = new Int8Array(this.#memory.buffer, this.#vectorsAt + slot * this.#stride, this.dimensions);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * (query[i] ?? 0);
    return sum * (this.#scales[slot] ?? 0);
  }
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
