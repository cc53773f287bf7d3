import { freeBytes } from '../lib/free-bytes.ts';

/** A typed array that grows by doubling. Read `view` afresh after every append. */
export class GrowableUint32 {
  #data: Uint32Array;
  #length: number;
  /** Whether nobody else may have the backing array. */
  #isOwn: boolean;

  constructor(initial: Uint32Array = new Uint32Array(0)) {
    this.#data = initial.length > 0 ? initial : new Uint32Array(64);
    this.#length = initial.length;
    this.#isOwn = initial.length === 0;
  }

  get length(): number {
    return this.#length;
  }

  /** The elements; valid until the next append. */
  get view(): Uint32Array {
    return this.#data.subarray(0, this.#length);
  }

  /** The backing array; elements at and beyond `length` are zero or stale. */
  get data(): Uint32Array {
    return this.#data;
  }

  get bytes(): number {
    return this.#data.byteLength;
  }

  push(value: number): void {
    this.reserve(1);
    this.#data[this.#length++] = value;
  }

  /** Appends `count` elements of unspecified content; returns the index of the first. */
  extend(count: number): number {
    this.reserve(count);
    const start = this.#length;
    this.#length += count;
    return start;
  }

  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#data.length) return;
    const grown = new Uint32Array(Math.max(needed, Math.ceil(this.#data.length * 1.5)));
    grown.set(this.#data);
    if (this.#isOwn) freeBytes(this.#data);
    this.#data = grown;
    this.#isOwn = true;
  }
}
