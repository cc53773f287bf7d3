import { requireNumber } from './require-number.ts';

export interface RollingWindowOptions {
  /** Length of a bucket in milliseconds. */
  readonly bucketMs: number;
  /** Buckets that count, the current one included. */
  readonly buckets: number;
}

/**
 * Counts of completed, failed and slow calls over the last `buckets` spans of `bucketMs`, which start at multiples
 * of it. Source: Hystrix's rolling statistics.
 */
export class RollingWindow {
  readonly #bucketMs: number;
  readonly #completed: Uint32Array;
  readonly #failed: Uint32Array;
  readonly #slow: Uint32Array;
  #current = Number.NEGATIVE_INFINITY;
  #totals = { completed: 0, failed: 0, slow: 0 };

  constructor({ bucketMs, buckets }: RollingWindowOptions) {
    this.#bucketMs = requireNumber('bucketMs', bucketMs, { min: 1 });
    requireNumber('buckets', buckets, { min: 1, max: 1000, isInteger: true });
    this.#completed = new Uint32Array(buckets);
    this.#failed = new Uint32Array(buckets);
    this.#slow = new Uint32Array(buckets);
  }

  /** Counts one completed call at `now`, in monotonic milliseconds. */
  add(now: number, isFailure: boolean, isSlow: boolean): void {
    const slot = this.#advance(now);
    this.#completed[slot] = (this.#completed[slot] ?? 0) + 1;
    this.#totals.completed++;
    if (isFailure) {
      this.#failed[slot] = (this.#failed[slot] ?? 0) + 1;
      this.#totals.failed++;
    }
    if (isSlow) {
      this.#slow[slot] = (this.#slow[slot] ?? 0) + 1;
      this.#totals.slow++;
    }
  }

  /** The counts that are still in the window at `now`. The object is the window's own: read it at once. */
  counts(now: number): WindowCounts {
    this.#advance(now);
    return this.#totals;
  }

  /** Forgets everything. */
  clear(): void {
    this.#completed.fill(0);
    this.#failed.fill(0);
    this.#slow.fill(0);
    this.#totals = { completed: 0, failed: 0, slow: 0 };
  }

  /** Drops what has become too old; the slot of the current bucket. */
  #advance(now: number): number {
    const length = this.#completed.length;
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket !== this.#current) this.#dropUntil(bucket);
    return ((bucket % length) + length) % length;
  }

  #dropUntil(bucket: number): void {
    const length = this.#completed.length;
    if (bucket - this.#current >= length) this.clear();
    else {
      for (let next = this.#current + 1; next <= bucket; next++) {
        this.#drop(((next % length) + length) % length);
      }
    }
    this.#current = bucket;
  }

  #drop(slot: number): void {
    this.#totals.completed -= this.#completed[slot] ?? 0;
    this.#totals.failed -= this.#failed[slot] ?? 0;
    this.#totals.slow -= this.#slow[slot] ?? 0;
    this.#completed[slot] = 0;
    this.#failed[slot] = 0;
    this.#slow[slot] = 0;
  }
}

/** What a window holds. */
export interface WindowCounts {
  /** Calls that ended as success or failure. */
  readonly completed: number;
  /** Calls that failed. */
  readonly failed: number;
  /** Calls, good or bad, that lasted at least the slow-call threshold. */
  readonly slow: number;
}
