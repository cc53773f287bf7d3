import { similarity, SKETCH_BYTES, type Sketch } from './sketch.ts';

/** From this estimated similarity on, two documents are near duplicates. */
export const NEAR_DUPLICATE = 0.8;

/** Two sketches are compared when one of these bands is equal: 99.8 % of those with a similarity of 0.8 are. */
const BANDS = 21;
const BAND_BYTES = 6;
/** Bounds the time for one sketch among thousands that look somewhat like it. */
const MAX_COMPARISONS = 256;
const MAX_SLOTS = 2 ** 22;
const NONE = -1;

/** Where a sketch belongs: `leader` is the number of the first sketch of its group, its own when it begins one. */
export interface Placement {
  readonly leader: number;
  readonly similarity: number;
}

/**
 * Puts sketches into groups one after the other: each joins the group whose first sketch it resembles most, if any is a
 * near duplicate, or begins one. So every member of a group is a near duplicate of its first, not of a neighbour only.
 * Locality-sensitive hashing by bands (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4).
 */
export class SketchGroups {
  readonly #leaders: Sketch[] = [];
  /** Numbers of the leaders among all sketches. */
  readonly #numbers: number[] = [];
  /** Slot -> last entry; an entry is leader * BANDS + band, and `#next` leads to the one before it in the slot. */
  readonly #slots: Int32Array;
  readonly #next: Int32Array;
  /** The last sketch that each leader was compared with. */
  readonly #compared: Int32Array;
  #count = 0;

  /** Takes up to `capacity` sketches. */
  constructor(capacity: number) {
    const slots = Math.min(MAX_SLOTS, 2 ** Math.ceil(Math.log2(Math.max(1, capacity) * BANDS)));
    this.#slots = new Int32Array(slots).fill(NONE);
    this.#next = new Int32Array(capacity * BANDS);
    this.#compared = new Int32Array(capacity).fill(NONE);
  }

  add(sketch: Sketch): Placement {
    const number = this.#count++;
    const slots = this.#slotsOf(sketch);
    const found = this.#closest(sketch, slots, number);
    if (found !== null) return found;
    const leader = this.#leaders.push(sketch) - 1;
    this.#numbers.push(number);
    for (const [band, slot] of slots.entries()) {
      const entry = leader * BANDS + band;
      this.#next[entry] = this.#slots[slot] ?? NONE;
      this.#slots[slot] = entry;
    }
    return { leader: number, similarity: 1 };
  }

  #closest(sketch: Sketch, slots: readonly number[], number: number): Placement | null {
    let best: Placement | null = null;
    let comparisons = 0;
    for (const slot of slots) {
      for (let entry = this.#slots[slot] ?? NONE; entry !== NONE; entry = this.#next[entry] ?? NONE) {
        const leader = Math.floor(entry / BANDS);
        if (this.#compared[leader] === number) continue;
        this.#compared[leader] = number;
        const value = similarity(sketch, this.#leaders[leader] ?? sketch);
        if (value >= NEAR_DUPLICATE && value > (best?.similarity ?? 0))
          best = { leader: this.#numbers[leader] ?? number, similarity: value };
        if (++comparisons === MAX_COMPARISONS) return best;
      }
    }
    return best;
  }

  #slotsOf(sketch: Sketch): number[] {
    return Array.from({ length: BANDS }, (_, band) => {
      let hash = band + 1;
      for (let at = band * BAND_BYTES; at < (band + 1) * BAND_BYTES; at++)
        hash = Math.imul(hash ^ (sketch[at % SKETCH_BYTES] ?? 0), 0x01000193) + 0x9e37;
      return ((hash ^ (hash >>> 15)) >>> 0) & (this.#slots.length - 1);
    });
  }
}
