import type { TimeSource, Timer } from './time-source.ts';

/** How long to wait, and what ends the wait early. */
export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly time: TimeSource;
  /** The longest wait in milliseconds. */
  readonly maxWaitMs: number;
  /** The error of a wait that was too long. */
  readonly tooLong: () => Error;
}

/** One that waits; it has left the line when either is called. */
export interface Waiter {
  resolve(): void;
  reject(reason: unknown): void;
}

/** Calls that wait for a slot, oldest first; those that give up leave by themselves. */
export class WaitingLine {
  readonly #waiters = new Set<Waiting>();

  /** Calls that wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /** Monotonic milliseconds since which the oldest waits; null when nobody does. */
  get oldestSince(): number | null {
    const [oldest] = this.#waiters;
    return oldest?.since ?? null;
  }

  /** Resolves when called up. @throws the reason of the signal, or what `tooLong` gives. */
  join(options: WaitOptions): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = new Waiting(options, { resolve, reject }, () => this.#waiters.delete(waiter));
    this.#waiters.add(waiter);
    return promise;
  }

  /** Takes out the one that waits longest. */
  takeOldest(): Waiter | undefined {
    const [oldest] = this.#waiters;
    oldest?.leave();
    return oldest;
  }

  /** Takes out the one that came last. */
  takeNewest(): Waiter | undefined {
    let newest: Waiting | undefined;
    for (const waiter of this.#waiters) newest = waiter;
    newest?.leave();
    return newest;
  }
}

class Waiting implements Waiter {
  readonly since: number;
  readonly #options: WaitOptions;
  readonly #settle: Waiter;
  readonly #remove: () => void;
  readonly #timer: Timer;

  constructor(options: WaitOptions, settle: Waiter, remove: () => void) {
    this.since = options.time.monotonic();
    this.#options = options;
    this.#settle = settle;
    this.#remove = remove;
    this.#timer = options.time.after(options.maxWaitMs, () => {
      this.leave();
      settle.reject(options.tooLong());
    });
    options.signal.addEventListener('abort', this);
  }

  leave(): void {
    this.#remove();
    this.#timer[Symbol.dispose]();
    this.#options.signal.removeEventListener('abort', this);
  }

  resolve(): void {
    this.#settle.resolve();
  }

  reject(reason: unknown): void {
    this.#settle.reject(reason);
  }

  handleEvent(): void {
    this.leave();
    this.#settle.reject(this.#options.signal.reason);
  }
}
