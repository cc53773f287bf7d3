import type { TimeSource, Timer } from './time-source.ts';

/** A member of at most one queue at a time. */
export abstract class Expiring {
  /** Owned by the queue. */
  expiresAt = 0;
  /** Owned by the queue; null outside of it. */
  previous: Expiring | null = null;
  /** Owned by the queue; null outside of it. */
  next: Expiring | null = null;

  /** Called once, when the time is up. The queue has let go of it by then. */
  abstract expire(): void;
}

/**
 * Moments in their order behind one timer: joining and leaving costs a few nanoseconds where a timer of Node each
 * costs a microsecond. For durations that are mostly the same: one that is shorter than those before it walks past
 * them. While the queue is empty its timer does not keep the process alive, and it is gone when the moment comes that
 * it was set for.
 */
export class ExpiryQueue {
  readonly #time: TimeSource;
  #first: Expiring | null = null;
  #last: Expiring | null = null;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /** Expires `entry` at a moment of the monotonic clock, which shows `now`. */
  join(entry: Expiring, at: number, now: number): void {
    let previous = this.#last;
    while (previous !== null && previous.expiresAt > at) previous = previous.previous;
    const next = previous === null ? this.#first : previous.next;
    entry.expiresAt = at;
    entry.previous = previous;
    entry.next = next;
    if (next === null) this.#last = entry;
    else next.previous = entry;
    if (previous === null) this.#lead(entry, now);
    else previous.next = entry;
  }

  /** Takes a member out before its time. Only members may leave, once. */
  leave(entry: Expiring): void {
    const { previous, next } = entry;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    entry.previous = null;
    entry.next = null;
    if (this.#first === null) this.#timer?.unref();
  }

  #lead(entry: Expiring, now: number): void {
    this.#first = entry;
    if (entry.expiresAt < this.#timerAt) this.#arm(entry.expiresAt, now);
    else if (entry.next === null) this.#timer?.ref();
  }

  readonly #onTimer = (): void => {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#time.monotonic();
    // A timer may come a fraction of a millisecond early by this clock.
    for (let entry = this.#first; entry !== null && entry.expiresAt <= now + 1; entry = this.#first) {
      this.leave(entry);
      entry.expire();
    }
    const first = this.#first;
    if (first !== null && this.#timer === null) this.#arm(first.expiresAt, now);
  };

  #arm(at: number, now: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = at;
    this.#timer = this.#time.after(Math.max(0, at - now), this.#onTimer);
  }
}
