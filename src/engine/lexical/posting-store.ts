import { GrowableUint32 } from '../growable.ts';

/** A posting packs a slot (24 bits) and a weighted term frequency (8 bits, in quarters). */
export const MAX_SLOTS = 1 << 24;
export const FREQUENCY_SCALE = 4;

export function packPosting(slot: number, frequency: number): number {
  const scaled = Math.min(255, Math.max(1, Math.round(frequency * FREQUENCY_SCALE)));
  return ((slot << 8) | scaled) >>> 0;
}

/**
 * Posting lists in one pool. Each list is contiguous and in slot order; a full list moves to a region of
 * double capacity, and the region it leaves is given to a later list of the same capacity.
 */
export class PostingStore {
  readonly #pool: GrowableUint32;
  readonly #starts: GrowableUint32;
  readonly #counts: GrowableUint32;
  readonly #capacities: GrowableUint32;
  readonly #free = new Map<number, number[]>();

  constructor(stored?: StoredPostings) {
    this.#pool = new GrowableUint32(stored?.pool);
    this.#counts = new GrowableUint32(stored?.counts);
    this.#capacities = new GrowableUint32(stored?.counts.slice());
    this.#starts = new GrowableUint32(stored === undefined ? undefined : startsOf(stored.counts));
  }

  get termCount(): number {
    return this.#counts.length;
  }

  get bytes(): number {
    return this.#pool.bytes + this.#starts.bytes + this.#counts.bytes + this.#capacities.bytes;
  }

  /** Makes room for the lists of terms below `count`. */
  ensureTerms(count: number): void {
    while (this.#counts.length < count) {
      this.#starts.push(0);
      this.#counts.push(0);
      this.#capacities.push(0);
    }
  }

  /** Appends to the list of `term`; slots must come in rising order. */
  append(term: number, posting: number): void {
    const count = this.#counts.data[term] ?? 0;
    if (count === (this.#capacities.data[term] ?? 0)) this.#grow(term, count);
    this.#pool.data[(this.#starts.data[term] ?? 0) + count] = posting;
    this.#counts.data[term] = count + 1;
  }

  /** Number of postings, those of removed slots included. */
  count(term: number): number {
    return this.#counts.data[term] ?? 0;
  }

  /** The postings of a term, valid until the next append. */
  list(term: number): Uint32Array {
    const start = this.#starts.data[term] ?? 0;
    return this.#pool.data.subarray(start, start + (this.#counts.data[term] ?? 0));
  }

  /** Compact copies for a snapshot, in steps of one term. */
  *storing(): Generator<void, StoredPostings> {
    const counts = this.#counts.view.slice();
    const starts = startsOf(counts);
    const last = counts.length - 1;
    const pool = new Uint32Array(last < 0 ? 0 : (starts[last] ?? 0) + (counts[last] ?? 0));
    for (let term = 0; term < counts.length; term++) {
      pool.set(this.list(term), starts[term] ?? 0);
      yield;
    }
    return { pool, counts };
  }

  #grow(term: number, count: number): void {
    const capacity = count === 0 ? 4 : 2 ** Math.ceil(Math.log2(count + 1));
    const reused = this.#free.get(capacity)?.pop();
    const start = reused ?? this.#pool.extend(capacity);
    if (count > 0) {
      const from = this.#starts.data[term] ?? 0;
      this.#pool.data.copyWithin(start, from, from + count);
      this.#release(this.#capacities.data[term] ?? 0, from);
    }
    this.#starts.data[term] = start;
    this.#capacities.data[term] = capacity;
  }

  #release(capacity: number, start: number): void {
    const list = this.#free.get(capacity);
    if (list === undefined) this.#free.set(capacity, [start]);
    else list.push(start);
  }
}

/** All lists one after the other, in term order. */
export interface StoredPostings {
  readonly pool: Uint32Array;
  readonly counts: Uint32Array;
}

function startsOf(counts: Uint32Array): Uint32Array {
  const starts = new Uint32Array(counts.length);
  for (let i = 1; i < counts.length; i++) starts[i] = (starts[i - 1] ?? 0) + (counts[i - 1] ?? 0);
  return starts;
}
