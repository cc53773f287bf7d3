import { requireNumber } from './require-number.ts';

/** Values between two computations of the quantile. */
const REFRESH_EVERY = 32;

/** A quantile of the last `size` durations, recomputed every 32. */
export class LatencyQuantile {
  readonly #share: number;
  readonly #values: Float64Array;
  #count = 0;
  #quantile = Number.NaN;

  /** @throws RangeError when `share` is not between 0 and 1, or `size` not from 32 to 65,536. */
  constructor(share: number, size: number) {
    this.#share = requireNumber('share', share, { min: 0, max: 1 });
    this.#values = new Float64Array(requireNumber('size', size, { min: 32, max: 65_536, isInteger: true }));
  }

  /** Adds one duration in milliseconds. */
  add(durationMs: number): void {
    this.#values[this.#count % this.#values.length] = durationMs;
    this.#count++;
    if (this.#count % REFRESH_EVERY !== 0) return;
    const sorted = this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort();
    this.#quantile =
      sorted[Math.min(sorted.length - 1, Math.floor(this.#share * sorted.length))] ?? Number.NaN;
  }

  /** Milliseconds; NaN until there are 32 durations. */
  get value(): number {
    return this.#quantile;
  }
}
