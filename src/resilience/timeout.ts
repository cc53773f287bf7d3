import { TimeoutError } from './errors.ts';
import { Expiring, ExpiryQueue } from './expiry-queue.ts';
import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS, systemTime, type TimeSource } from './time-source.ts';
import type { Executor, Work } from './work.ts';

export interface TimeoutOptions {
  /** Names the dependency in the error. */
  readonly name: string;
  /** Milliseconds that one call may last: 1 to 2^31 - 1. */
  readonly timeoutMs: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/**
 * Limits how long a call lasts. When the time is up the work's signal aborts and the caller gets a TimeoutError at
 * once, also from work that does not listen; what such work does later is dropped. An abort of the caller reaches
 * the work in the same way. Leaves no listener behind, and one timer for all calls, which ends with them.
 */
export class Timeout implements Executor {
  /** The limit in milliseconds. */
  readonly timeoutMs: number;
  readonly #name: string;
  readonly #time: TimeSource;
  readonly #queue: ExpiryQueue;

  constructor({ name, timeoutMs, time = systemTime }: TimeoutOptions) {
    this.timeoutMs = requireNumber('timeoutMs', timeoutMs, { min: 1, max: MAX_TIMER_MS });
    this.#name = name;
    this.#time = time;
    this.#queue = new ExpiryQueue(time);
  }

  /** @throws TimeoutError when the time is up, the reason of `signal` when that aborts, or what the work throws. */
  execute<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    return this.run(work, signal, this.#time.monotonic());
  }

  /** As `execute`, for a caller that has just read the monotonic clock. */
  run<T>(work: Work<T>, signal: AbortSignal, now: number): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const limit = { queue: this.#queue, name: this.#name, timeoutMs: this.timeoutMs };
      new TimedCall(limit, signal, { resolve, reject }).run(work, now);
    });
  }
}

interface Limit {
  readonly queue: ExpiryQueue;
  readonly name: string;
  readonly timeoutMs: number;
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** One running call; it is the listener of the caller's signal itself, which saves a closure. */
class TimedCall<T> extends Expiring {
  readonly #limit: Limit;
  readonly #signal: AbortSignal;
  readonly #settle: Settle<T>;
  readonly #controller = new AbortController();
  #isOpen = true;

  constructor(limit: Limit, signal: AbortSignal, settle: Settle<T>) {
    super();
    this.#limit = limit;
    this.#signal = signal;
    this.#settle = settle;
  }

  run(work: Work<T>, now: number): void {
    this.#limit.queue.join(this, now + this.#limit.timeoutMs, now);
    this.#signal.addEventListener('abort', this);
    try {
      work(this.#controller.signal, 0).then(
        (value) => this.#succeed(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  override expire(): void {
    this.#cut(new TimeoutError(this.#limit.name, this.#limit.timeoutMs), false);
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.#cut(this.#signal.reason, true);
  }

  #succeed(value: T): void {
    if (this.#close(true)) this.#settle.resolve(value);
  }

  #fail(error: unknown): void {
    if (this.#close(true)) this.#settle.reject(error);
  }

  #cut(reason: unknown, isQueued: boolean): void {
    if (!this.#close(isQueued)) return;
    this.#controller.abort(reason);
    this.#settle.reject(reason);
  }

  /** False when it was closed before. */
  #close(isQueued: boolean): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    if (isQueued) this.#limit.queue.leave(this);
    this.#signal.removeEventListener('abort', this);
    return true;
  }
}
