import type { ConcurrencyLimit, LimitSample } from './concurrency-limit.ts';
import { deadlineOf } from './deadline.ts';
import { BulkheadFullError } from './errors.ts';
import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS, systemTime, type TimeSource } from './time-source.ts';
import { WaitingLine, type Waiter } from './waiting-line.ts';
import type { Executor, Work } from './work.ts';

/** `foreground`: someone waits for it (a query). `background`: nobody does (ingest). */
export type Priority = 'foreground' | 'background';

export interface BulkheadOptions {
  /** Names the dependency in errors. */
  readonly name: string;
  /** Calls that may run at once. By Little's law: rate x latency. */
  readonly limit: ConcurrencyLimit;
  /** Calls of each priority that may wait, 0 to the limit; a smaller limit of the moment bounds it further. */
  readonly queue: number;
  /** The longest wait in milliseconds; at most a quarter of the time to the deadline, if the signal has one. */
  readonly maxWaitMs: number;
  /** Share of the slots that background calls may hold, above 0 to 1; at least one slot. Default 0.3. */
  readonly backgroundShare?: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** What health, status and metrics show of a bulkhead. */
export interface BulkheadSnapshot {
  readonly name: string;
  readonly limit: number;
  readonly active: number;
  readonly activeBackground: number;
  readonly waiting: number;
  readonly waitingBackground: number;
  /** Calls refused since the start. */
  readonly rejected: number;
}

/** A quarter of the time to the deadline is the most that a call may wait for a slot (R13). */
const WAIT_SHARE_OF_DEADLINE = 0.25;

/**
 * Bounds how many calls to a dependency run at once, and how many wait. Waiting calls are served in order; while a
 * line is more than half full the newest goes first, because the oldest will time out anyway, and a full line drops
 * its oldest. While foreground calls wait, background calls get at most their share of slots and of turns.
 * Sources: Nygard, "Release It!"; adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 2015.
 */
export class Bulkhead implements Executor {
  readonly name: string;
  readonly #limit: ConcurrencyLimit;
  readonly #queue: number;
  readonly #maxWaitMs: number;
  readonly #share: number;
  readonly #time: TimeSource;
  readonly #lines: Readonly<Record<Priority, WaitingLine>>;
  #active = 0;
  #background = 0;
  #rejected = 0;
  /** Turns that background calls have earned while foreground calls waited. */
  #credit = 0;

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: BulkheadOptions) {
    const { name, limit, queue, maxWaitMs, backgroundShare = 0.3, time = systemTime } = options;
    this.name = name;
    this.#limit = limit;
    this.#queue = requireNumber('queue', queue, { min: 0, max: 100_000, isInteger: true });
    if (!limit.isAdaptive) requireNumber('queue', queue, { min: 0, max: limit.current });
    this.#maxWaitMs = requireNumber('maxWaitMs', maxWaitMs, { min: 0, max: MAX_TIMER_MS });
    this.#share = requireNumber('backgroundShare', backgroundShare, { min: Number.MIN_VALUE, max: 1 });
    this.#time = time;
    this.#lines = { foreground: new WaitingLine(), background: new WaitingLine() };
  }

  /** Share of the slots in use; above 1 right after the limit fell. */
  get utilisation(): number {
    return this.#active / this.#limit.current;
  }

  /** Milliseconds that the oldest foreground call in the line has waited; 0 when none does. A sign of overload. */
  get queueWaitMs(): number {
    const now = this.#time.monotonic();
    return now - (this.#lines.foreground.oldestSince ?? now);
  }

  /** True: `leave` needs the sample of each call that ran. */
  get isAdaptive(): boolean {
    return this.#limit.isAdaptive;
  }

  /** Calls that run now. */
  get active(): number {
    return this.#active;
  }

  /** Runs the work in a slot. @throws BulkheadFullError, the reason of `signal`, or what the work throws. */
  async execute<T>(work: Work<T>, signal: AbortSignal, priority: Priority = 'foreground'): Promise<T> {
    if (!this.tryEnter(priority)) await this.enter(signal, priority);
    const inFlight = this.#active;
    const began = this.#time.monotonic();
    let outcome: LimitSample['outcome'] = 'ignored';
    try {
      const value = await work(signal, 0);
      outcome = 'success';
      return value;
    } finally {
      const now = this.#time.monotonic();
      this.leave(priority, { outcome, durationMs: now - began, inFlight, now });
    }
  }

  /** Takes a slot if one is free and nobody waits for it. Each success needs one `leave`. */
  tryEnter(priority: Priority): boolean {
    const { foreground, background } = this.#lines;
    if (!this.#hasSlot(priority) || foreground.size > 0) return false;
    if (priority === 'background' && background.size > 0) return false;
    this.#take(priority);
    return true;
  }

  /**
   * Waits for a slot. Each resolution needs one `leave`.
   * @throws BulkheadFullError when the line is full or the wait too long, or the reason of `signal`.
   */
  enter(signal: AbortSignal, priority: Priority): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const room = Math.min(this.#queue, this.#limit.current);
    const line = this.#lines[priority];
    if (room === 0) return Promise.reject(this.#full('queue_full'));
    while (line.size >= room) line.takeOldest()?.reject(this.#full('queue_full'));
    const left = deadlineOf(signal)?.remainingMs ?? Number.POSITIVE_INFINITY;
    const maxWaitMs = Math.min(this.#maxWaitMs, left * WAIT_SHARE_OF_DEADLINE);
    return line.join({ signal, time: this.#time, maxWaitMs, tooLong: () => this.#full('waited') });
  }

  /** Gives a slot back, with what there is to learn from the call, and lets the next ones in. */
  leave(priority: Priority, sample?: LimitSample): void {
    this.#active--;
    if (priority === 'background') this.#background--;
    if (sample !== undefined) this.#limit.record(sample);
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.resolve();
  }

  /** The present numbers. */
  snapshot(): BulkheadSnapshot {
    return {
      name: this.name,
      limit: this.#limit.current,
      active: this.#active,
      activeBackground: this.#background,
      waiting: this.#lines.foreground.size,
      waitingBackground: this.#lines.background.size,
      rejected: this.#rejected,
    };
  }

  #hasSlot(priority: Priority): boolean {
    const limit = this.#limit.current;
    if (this.#active >= limit) return false;
    return priority === 'foreground' || this.#background < Math.max(1, Math.floor(limit * this.#share));
  }

  /** Takes the slot of the waiting call whose turn it is; undefined when none may go. */
  #next(): Waiter | undefined {
    const { foreground, background } = this.#lines;
    const mayBackground = background.size > 0 && this.#hasSlot('background');
    if (foreground.size === 0) return mayBackground ? this.#call('background') : undefined;
    if (!this.#hasSlot('foreground')) return undefined;
    if (mayBackground && this.#credit >= 1) {
      this.#credit -= 1;
      return this.#call('background');
    }
    if (background.size > 0) this.#credit = Math.min(2, this.#credit + this.#share / (1 - this.#share));
    return this.#call('foreground');
  }

  #call(priority: Priority): Waiter | undefined {
    this.#take(priority);
    const line = this.#lines[priority];
    const isOverloaded = line.size * 2 > Math.min(this.#queue, this.#limit.current);
    return isOverloaded ? line.takeNewest() : line.takeOldest();
  }

  #take(priority: Priority): void {
    this.#active++;
    if (priority === 'background') this.#background++;
  }

  #full(reason: 'queue_full' | 'waited'): BulkheadFullError {
    this.#rejected++;
    return new BulkheadFullError(this.name, reason, Math.min(1000, this.#maxWaitMs));
  }
}
