import type { Breaker, BreakerCall } from './breaker.ts';
import type { Bulkhead, Priority } from './bulkhead.ts';
import { classify, type Classify, type Outcome } from './classify.ts';
import { deadlineOf, MIN_TIME_TO_START_MS, type Deadline } from './deadline.ts';
import type { StreamClocks } from './defaults.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Hedge } from './hedge.ts';
import type { Retry } from './retry.ts';
import { systemTime, type TimeSource } from './time-source.ts';
import { timedStream, type StreamEnd, type StreamWork } from './timed-stream.ts';
import type { Timeout } from './timeout.ts';
import type { Executor, Work } from './work.ts';

export interface PolicyParts {
  /** Shared by all policies of one dependency. */
  readonly breaker: Breaker;
  /** Shared by all policies of one dependency. */
  readonly bulkhead: Bulkhead;
  /** Limits each try. */
  readonly timeout: Timeout;
  /** Idempotent calls only. Its budget is shared by all policies of one dependency. Default: one try. */
  readonly retry?: Retry;
  /** Reads only. Default: no second call beside a slow one. */
  readonly hedge?: Hedge;
  /** Whose slots the calls take. Default `foreground`. */
  readonly priority?: Priority;
  /** Judges what was thrown. Default: the table. */
  readonly classify?: Classify;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** What bounds a stream, and who else is asked and told. */
export interface StreamGuards {
  readonly clocks: StreamClocks;
  /** Asked before anything else; null lets the stream go on at once, and what it throws or rejects with is thrown. */
  readonly admit?: () => Promise<void> | null;
  /** Told of the end of a stream that was let through, once the breaker knows. */
  readonly onEnd?: (end: StreamEnd) => void;
}

/**
 * Everything that stands between a caller and one dependency. From the outside in: deadline check, retry, open
 * breaker (before the line, so that nobody waits for it), bulkhead with its limit, breaker, timeout of the try,
 * hedge, work. A retry holds no slot while it pauses, and asks the breaker again.
 * Admission of whole requests (rates, shedding) and caches stand before a policy.
 */
export class Policy implements Executor {
  /** Its state, for health and for operators. */
  readonly breaker: Breaker;
  /** Its numbers, for health. */
  readonly bulkhead: Bulkhead;
  readonly #timeout: Timeout;
  readonly #retry: Retry | undefined;
  readonly #hedge: Hedge | undefined;
  readonly #priority: Priority;
  readonly #classify: Classify;
  readonly #time: TimeSource;
  readonly #streams: ExpiryQueue;
  readonly #mayRetry = (): boolean => {
    const { state } = this.breaker;
    return state !== 'open' && state !== 'forced_open';
  };
  readonly #mayHedge = (): boolean => this.breaker.state === 'closed' && this.bulkhead.utilisation <= 0.8;

  constructor(parts: PolicyParts) {
    this.breaker = parts.breaker;
    this.bulkhead = parts.bulkhead;
    this.#timeout = parts.timeout;
    this.#retry = parts.retry;
    this.#hedge = parts.hedge;
    this.#priority = parts.priority ?? 'foreground';
    this.#classify = parts.classify ?? classify;
    this.#time = parts.time ?? systemTime;
    this.#streams = new ExpiryQueue(this.#time);
  }

  /**
   * Runs the work under all rules. The deadline is found by `signal` (`deadlineOf`).
   * @throws DeadlineError, BreakerOpenError, BulkheadFullError (nothing was sent), TimeoutError (the work's signal
   * was aborted), the reason of `signal`, or what the work threw last.
   */
  execute<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    if (this.#retry === undefined && this.#hedge === undefined) return this.#try(work, signal);
    let calls = 0;
    const numbered: Work<T> = (signal) => work(signal, calls++);
    if (this.#retry === undefined) return this.#try(numbered, signal);
    return this.#retry.run((signal) => this.#try(numbered, signal), signal, this.#mayRetry);
  }

  /**
   * Opens a stream under the same rules and three clocks, without retry or hedge. The slot is held until the
   * stream is over; it is slow when its first item is.
   * @throws as `execute`, also in the middle.
   */
  stream<T>(
    open: StreamWork<T>,
    signal: AbortSignal,
    { clocks, admit, onEnd }: StreamGuards,
  ): AsyncGenerator<T, void, undefined> {
    let begun: { readonly call: BreakerCall; readonly inFlight: number } | null = null;
    let firstItemMs: number | undefined;
    const begin = (call: BreakerCall): void => {
      begun = { call, inFlight: this.bulkhead.active };
    };
    const enter = (): void | Promise<void> => {
      const entered = this.#enter(signal);
      return entered instanceof Promise ? entered.then(begin) : begin(entered);
    };
    return timedStream(open, signal, {
      name: this.breaker.name,
      clocks,
      time: this.#time,
      queue: this.#streams,
      enter: () => admit?.()?.then(enter) ?? enter(),
      onFirstItem: (durationMs) => {
        firstItemMs = durationMs;
      },
      onEnd: (end) => {
        if (begun === null) return;
        const outcome = this.#outcomeOfStream(end, signal, begun.call);
        this.#leave({ call: begun.call, inFlight: begun.inFlight, outcome, durationMs: firstItemMs });
        onEnd?.(end);
      },
    });
  }

  async #try<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    const entered = this.#enter(signal);
    const call = entered instanceof Promise ? await entered : entered;
    const inFlight = this.bulkhead.active;
    try {
      const value = await this.#timeout.run(this.#hedged(work), signal, call.startedAt);
      this.#leave({ call, inFlight, outcome: 'success' });
      return value;
    } catch (error) {
      this.#leave({ call, inFlight, outcome: this.#outcomeOf(error, signal, call) });
      throw error;
    }
  }

  /** A slot and the breaker's permission; without waiting when there is a free slot. */
  #enter(signal: AbortSignal): BreakerCall | Promise<BreakerCall> {
    signal.throwIfAborted();
    const now = this.#time.monotonic();
    deadlineOf(signal)?.requireTime(MIN_TIME_TO_START_MS, now);
    const refusal = this.breaker.check(now);
    if (refusal !== null) throw refusal;
    return this.bulkhead.tryEnter(this.#priority) ? this.#begin(now) : this.#enterLater(signal);
  }

  async #enterLater(signal: AbortSignal): Promise<BreakerCall> {
    await this.bulkhead.enter(signal, this.#priority);
    return this.#begin(this.#time.monotonic(), deadlineOf(signal));
  }

  /** The breaker's permission for one that has a slot. */
  #begin(now: number, deadline?: Deadline): BreakerCall {
    try {
      deadline?.requireTime();
      return this.breaker.begin(now);
    } catch (error) {
      this.bulkhead.leave(this.#priority);
      throw error;
    }
  }

  #leave({ call, inFlight, outcome, durationMs }: Ended): void {
    const now = this.#time.monotonic();
    const elapsedMs = now - call.startedAt;
    call.end(outcome, durationMs ?? elapsedMs, now);
    if (!this.bulkhead.isAdaptive) this.bulkhead.leave(this.#priority);
    else this.bulkhead.leave(this.#priority, { outcome, durationMs: elapsedMs, inFlight, now });
  }

  #hedged<T>(work: Work<T>): Work<T> {
    const hedge = this.#hedge;
    if (hedge === undefined) return work;
    return (signal) => hedge.run(work, signal, this.#mayHedge);
  }

  #outcomeOfStream(end: StreamEnd, signal: AbortSignal, call: BreakerCall): Outcome {
    if (end.kind === 'failed') return this.#outcomeOf(end.error, signal, call);
    return end.kind === 'done' ? 'success' : 'ignored';
  }

  /**
   * A caller that gives up says nothing about the dependency, unless it was the deadline that ended a call which
   * had become slow: a dependency that hangs must not hide behind short deadlines.
   */
  #outcomeOf(error: unknown, signal: AbortSignal, { startedAt }: BreakerCall): Outcome {
    if (!signal.aborted) return this.#classify(error).outcome;
    const { fault } = this.#classify(signal.reason);
    if (fault !== 'deadline' && fault !== 'timeout') return 'ignored';
    return this.#time.monotonic() - startedAt >= this.breaker.slowMs ? 'failure' : 'ignored';
  }
}

interface Ended {
  readonly call: BreakerCall;
  /** Calls that ran when it began. */
  readonly inFlight: number;
  readonly outcome: Outcome;
  /** What decides whether it was slow, when that is not its whole length. */
  readonly durationMs?: number | undefined;
}
