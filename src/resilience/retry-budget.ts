import { requireNumber } from './require-number.ts';
import { systemTime, type TimeSource } from './time-source.ts';

export interface RetryBudgetOptions {
  /** Retries allowed per first call, 0 to 1. Default 0.1. */
  readonly ratio?: number;
  /** Retries allowed per second besides, so that rare calls get some. Default 3. */
  readonly perSecond?: number;
  /** Retries that can be saved up. Default 10. */
  readonly capacity?: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/**
 * Tokens for retries, shared by all calls to one dependency, so that a failing one never gets more than a fraction
 * more load. Starts empty. Source: Finagle's RetryBudget; gRPC A6 retry throttling.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perMs: number;
  readonly #capacity: number;
  readonly #time: TimeSource;
  #tokens = 0;
  #updatedAt: number;
  #withdrawn = 0;

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: RetryBudgetOptions = {}) {
    const { ratio = 0.1, perSecond = 3, capacity = 10, time = systemTime } = options;
    this.#ratio = requireNumber('ratio', ratio, { min: 0, max: 1 });
    this.#perMs = requireNumber('perSecond', perSecond, { min: 0, max: 1000 }) / 1000;
    this.#capacity = requireNumber('capacity', capacity, { min: 1, max: 10_000 });
    this.#time = time;
    this.#updatedAt = time.monotonic();
  }

  /** Retries since the start. */
  get withdrawn(): number {
    return this.#withdrawn;
  }

  /** Counts one first call. */
  deposit(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#ratio);
  }

  /** Takes the token of one retry; false when there is none. */
  tryWithdraw(): boolean {
    const now = this.#time.monotonic();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#updatedAt) * this.#perMs);
    this.#updatedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.#withdrawn++;
    return true;
  }
}
