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
      this.#sink();
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
      this.#sink();
    }
    return { slots, scores };
  }

  #set(at: number, slot: number, score: number): void {
    this.#slots[at] = slot;
    this.#scores[at] = score;
  }

  /** Moves the pair at `start` up to its place. */
  #rise(start: number): void {
    const slots = this.#slots;
    const scores = this.#scores;
    const slot = slots[start] ?? 0;
    const score = scores[start] ?? 0;
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentSlot = slots[parent] ?? 0;
      const parentScore = scores[parent] ?? 0;
      if (!isBetter(parentSlot, parentScore, slot, score)) break;
      slots[at] = parentSlot;
      scores[at] = parentScore;
      at = parent;
    }
    this.#set(at, slot, score);
  }

  /** Moves the pair at the root down to its place. */
  #sink(): void {
    const slots = this.#slots;
    const scores = this.#scores;
    const size = this.#size;
    const slot = slots[0] ?? 0;
    const score = scores[0] ?? 0;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      if (
        right < size &&
        isBetter(slots[child] ?? 0, scores[child] ?? 0, slots[right] ?? 0, scores[right] ?? 0)
      )
        child = right;
      const childSlot = slots[child] ?? 0;
      const childScore = scores[child] ?? 0;
      if (!isBetter(slot, score, childSlot, childScore)) break;
      slots[at] = childSlot;
      scores[at] = childScore;
      at = child;
    }
    this.#set(at, slot, score);
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
