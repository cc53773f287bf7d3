/**
 * Keeps the `limit` best (slot, score) pairs of a stream in a binary heap over typed arrays.
 * Equal scores: the smaller slot wins, so that results don't depend on the order of arrival.
 */
export class TopK {
  readonly #slots: Uint32Array;
  readonly #scores: Float64Array;
  #size = 0;

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`limit must be a positive integer, not ${limit}`);
    this.#slots = new Uint32Array(limit);
    this.#scores = new Float64Array(limit);
  }

  /** A score must be above this to matter (or equal, with a smaller slot). */
  get threshold(): number {
    return this.#size < this.#slots.length ? Number.NEGATIVE_INFINITY : (this.#scores[0] ?? 0);
  }

  offer(slot: number, score: number): void {
    if (this.#size < this.#slots.length) {
      this.#set(this.#size, slot, score);
      this.#rise(this.#size++);
    } else if (isBetter(slot, score, this.#slots[0] ?? 0, this.#scores[0] ?? 0)) {
      this.#set(0, slot, score);
      this.#sink(0);
    }
  }

  /** The pairs, best first. The heap is empty afterwards. */
  drain(): Candidates {
    const length = this.#size;
    const slots = new Uint32Array(length);
    const scores = new Float64Array(length);
    for (let i = length - 1; i >= 0; i--) {
      slots[i] = this.#slots[0] ?? 0;
      scores[i] = this.#scores[0] ?? 0;
      this.#size--;
      this.#set(0, this.#slots[this.#size] ?? 0, this.#scores[this.#size] ?? 0);
      this.#sink(0);
    }
    return { slots, scores };
  }

  #set(at: number, slot: number, score: number): void {
    this.#slots[at] = slot;
    this.#scores[at] = score;
  }

  #isWorse(a: number, b: number): boolean {
    return isBetter(this.#slots[b] ?? 0, this.#scores[b] ?? 0, this.#slots[a] ?? 0, this.#scores[a] ?? 0);
  }

  #swap(a: number, b: number): void {
    const slot = this.#slots[a] ?? 0;
    const score = this.#scores[a] ?? 0;
    this.#set(a, this.#slots[b] ?? 0, this.#scores[b] ?? 0);
    this.#set(b, slot, score);
  }

  #rise(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(start: number): void {
    let at = start;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#isWorse(right, left) ? right : left;
      if (!this.#isWorse(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }
}

/** Parallel arrays, best first. */
export interface Candidates {
  readonly slots: Uint32Array;
  readonly scores: Float64Array;
}

function isBetter(slotA: number, scoreA: number, slotB: number, scoreB: number): boolean {
  return scoreA > scoreB || (scoreA === scoreB && slotA < slotB);
}
