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
 * Timeouts of one duration, in the order of their start, behind one timer: joining and leaving costs a few
 * nanoseconds where a timer of Node each costs a microsecond. While the queue is empty its timer does not keep the
 * process alive, and it is gone one duration later.
 */
export class ExpiryQueue {
  readonly #time: TimeSource;
  readonly #durationMs: number;
  #first: Expiring | null = null;
  #last: Expiring | null = null;
  #timer: Timer | null = null;

  constructor(time: TimeSource, durationMs: number) {
    this.#time = time;
    this.#durationMs = durationMs;
  }

  /** Expires `entry` one duration after `now`, which never goes back from one call to the next. */
  join(entry: Expiring, now: number): void {
    entry.expiresAt = now + this.#durationMs;
    entry.previous = this.#last;
    if (this.#last === null) {
      this.#first = entry;
      if (this.#timer === null) this.#arm(this.#durationMs);
      else this.#timer.ref();
    } else {
      this.#last.next = entry;
    }
    this.#last = entry;
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

  readonly #onTimer = (): void => {
    this.#timer = null;
    const now = this.#time.monotonic();
    // A timer may come a fraction of a millisecond early by this clock.
    for (let entry = this.#first; entry !== null && entry.expiresAt <= now + 1; entry = this.#first) {
      this.leave(entry);
      entry.expire();
    }
    const first = this.#first;
    if (first !== null && this.#timer === null) this.#arm(first.expiresAt - now);
  };

  #arm(delayMs: number): void {
    this.#timer = this.#time.after(Math.max(0, delayMs), this.#onTimer);
  }
}
