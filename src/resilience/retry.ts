import { fullJitterMs } from './backoff.ts';
import { classify, type Classify, type Verdict } from './classify.ts';
import { deadlineOf, MIN_TIME_TO_START_MS } from './deadline.ts';
import { RetryBudget } from './retry-budget.ts';
import { requireNumber } from './require-number.ts';
import { sleep, systemTime, type TimeSource } from './time-source.ts';
import type { Executor, Work } from './work.ts';

export interface RetryOptions {
  /** Tries beyond the first, 0 to 2. Default 2. */
  readonly extraAttempts?: number;
  /** Upper bound of the first pause in milliseconds. Default 50. */
  readonly baseMs?: number;
  /** Upper bound of any pause of our own choice in milliseconds. Default 1,000. */
  readonly maxMs?: number;
  /** A longer `Retry-After` is not waited for: the error goes to the caller. Milliseconds. Default 10,000. */
  readonly maxRetryAfterMs?: number;
  /** Shared by everything that calls the same dependency. Default: one of its own. */
  readonly budget?: RetryBudget;
  /** Judges what was thrown. Default: the table. */
  readonly classify?: Classify;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** From 0 to 1 (exclusive). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Tries calls again that failed in a way which may pass. For idempotent calls only; the one layer that retries.
 * The budget bounds the added load, the deadline of the caller's signal the added time.
 */
export class Retry implements Executor {
  readonly #extraAttempts: number;
  readonly #backoff: { readonly baseMs: number; readonly maxMs: number };
  readonly #maxRetryAfterMs: number;
  readonly #budget: RetryBudget;
  readonly #classify: Classify;
  readonly #time: TimeSource;
  readonly #random: () => number;

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: RetryOptions = {}) {
    const { extraAttempts = 2, baseMs = 50, maxMs = 1000, maxRetryAfterMs = 10_000 } = options;
    const { time = systemTime, random = Math.random } = options;
    this.#extraAttempts = requireNumber('extraAttempts', extraAttempts, { min: 0, max: 2, isInteger: true });
    requireNumber('baseMs', baseMs, { min: 1, max: 60_000 });
    requireNumber('maxMs', maxMs, { min: baseMs, max: 60_000 });
    this.#backoff = { baseMs, maxMs };
    this.#maxRetryAfterMs = requireNumber('maxRetryAfterMs', maxRetryAfterMs, { min: 0, max: 3_600_000 });
    this.#budget = options.budget ?? new RetryBudget({ time });
    this.#classify = options.classify ?? classify;
    this.#time = time;
    this.#random = random;
  }

  /** @throws the error of the last try, or the reason of `signal`. */
  execute<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    return this.run(work, signal, always);
  }

  /** As `execute`; after a failure `mayRetry` is asked first, so that nothing waits for an open breaker. */
  async run<T>(work: Work<T>, signal: AbortSignal, mayRetry: () => boolean): Promise<T> {
    this.#budget.deposit();
    for (let attempt = 0; ; attempt++) {
      try {
        return await work(signal, attempt);
      } catch (error) {
        const delayMs = mayRetry() ? this.#delayMs(error, attempt, signal) : null;
        if (delayMs === null) throw error;
        await sleep(this.#time, delayMs, signal);
      }
    }
  }

  /** The pause before the next try; null when there is none. Takes a token when there is. */
  #delayMs(error: unknown, attempt: number, signal: AbortSignal): number | null {
    if (attempt >= this.#extraAttempts || signal.aborted) return null;
    const verdict = this.#classify(error);
    if (!verdict.isRetryable) return null;
    const delayMs = this.#pauseMs(verdict, attempt);
    if (delayMs === null) return null;
    const left = deadlineOf(signal)?.remainingMs ?? Number.POSITIVE_INFINITY;
    if (delayMs + MIN_TIME_TO_START_MS > left) return null;
    return this.#budget.tryWithdraw() ? delayMs : null;
  }

  /** What the server asked for plus a jitter of at most a second, or our own backoff. */
  #pauseMs({ retryAfterMs }: Verdict, attempt: number): number | null {
    const jitterMs = fullJitterMs(attempt, this.#backoff, this.#random);
    if (retryAfterMs === null) return jitterMs;
    return retryAfterMs > this.#maxRetryAfterMs ? null : retryAfterMs + Math.min(1000, jitterMs);
  }
}

function always(): boolean {
  return true;
}
