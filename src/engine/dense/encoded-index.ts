import { GrowableUint32 } from '../growable.ts';
import type { Candidates } from '../top-k.ts';
import { DenseIndex } from './dense-index.ts';

/**
 * Vectors of a second model for some of a partition's slots, in any order of arrival. Slots given and returned are
 * those of the partition.
 */
export class EncodedIndex {
  readonly #dense: DenseIndex;
  /** Slot of the partition by place in the dense index. */
  readonly #slots = new GrowableUint32();
  /** Place in the dense index plus one by slot of the partition; 0: not encoded. */
  #places = new Uint32Array(64);

  constructor(dimensions: number) {
    this.#dense = new DenseIndex(dimensions);
  }

  get dimensions(): number {
    return this.#dense.dimensions;
  }

  get bytes(): number {
    return this.#dense.bytes + this.#slots.bytes + this.#places.byteLength;
  }

  has(slot: number): boolean {
    return (this.#places[slot] ?? 0) > 0;
  }

  /** False when the slot is encoded already: it keeps what it has. */
  add(slot: number, vector: { readonly values: Int8Array; readonly scale: number }): boolean {
    if (this.has(slot)) return false;
    this.#grow(slot + 1);
    this.#places[slot] = this.#dense.add(vector.values, vector.scale) + 1;
    this.#slots.push(slot);
    return true;
  }

  /** As `DenseIndex.search`, over the encoded slots. */
  search(query: Float32Array, filter: (slot: number) => boolean, limit: number): Candidates {
    const slotOf = this.#slots.data;
    const found = this.#dense.search(query, (place) => filter(slotOf[place] ?? 0), limit);
    return { slots: found.slots.map((place) => slotOf[place] ?? 0), scores: found.scores };
  }

  /** As `DenseIndex.score`; NaN for a slot that is not encoded. */
  score(query: Float32Array, slots: Uint32Array): Float64Array {
    // A place that no vector has scores NaN.
    const nowhere = this.#dense.size;
    const places = slots.map((slot) => (this.has(slot) ? (this.#places[slot] ?? 0) - 1 : nowhere));
    return this.#dense.score(query, places);
  }

  #grow(size: number): void {
    if (size <= this.#places.length) return;
    const grown = new Uint32Array(Math.max(size, this.#places.length * 2));
    grown.set(this.#places);
    this.#places = grown;
  }
}
