import { DeadlineError } from './errors.ts';
import { Expiring, ExpiryQueue } from './expiry-queue.ts';
import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS, systemTime, type TimeSource } from './time-source.ts';

/** No call to a dependency starts with less time left than this, in milliseconds (R8). */
export const MIN_TIME_TO_START_MS = 20;
/** What a hop keeps back for itself when it passes the deadline on, in milliseconds. */
const HOP_MARGIN_MS = 5;

export interface DeadlineOptions {
  /** Milliseconds from now: 0 to 2^31 - 1. */
  readonly afterMs: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** Aborts the deadline's signal too, with its own reason: the client that goes away. */
  readonly parent?: AbortSignal;
  /** Milliseconds at the end that `beforeReserve` leaves alone: 0 to `afterMs`. Default 0. */
  readonly reserveMs?: number;
  /** What the signal aborts with when the time is up. Default: a DeadlineError. */
  readonly expired?: () => unknown;
}

/** On the signal itself: entries of a WeakMap, two a request, are the dearest garbage there is. */
const MADE_BY = Symbol('deadline');

interface MadeSignal extends AbortSignal {
  [MADE_BY]?: Deadline;
}

/** The deadline that a signal was made by, if any. A signal derived from it with `AbortSignal.any` has none. */
export function deadlineOf(signal: MadeSignal): Deadline | undefined {
  return signal[MADE_BY];
}

const queues = new WeakMap<TimeSource, ExpiryQueue>();

/** One for all deadlines on a clock. */
function queueOf(time: TimeSource): ExpiryQueue {
  let queue = queues.get(time);
  if (queue === undefined) queues.set(time, (queue = new ExpiryQueue(time)));
  return queue;
}

function cutForReserve(): DeadlineError {
  return new DeadlineError('Cut, so that an answer is possible before the deadline');
}

/**
 * One absolute moment, on the monotonic clock, by which a request must be over. Everything that belongs to the
 * request takes `signal`; policies find the deadline by it. Dispose it when the request is over.
 * Source: Google SRE book, "Addressing cascading failures", deadline propagation.
 */
export class Deadline extends Expiring implements Disposable {
  /** Aborts when the time is up, with a DeadlineError, or with the parent. */
  readonly signal: MadeSignal;
  /** The moment on the monotonic clock, in milliseconds. */
  readonly at: number;
  /** Milliseconds at its end that `beforeReserve` leaves alone. */
  readonly reserveMs: number;
  readonly #time: TimeSource;
  readonly #queue: ExpiryQueue;
  readonly #afterMs: number;
  readonly #expired: (() => unknown) | undefined;
  readonly #parent: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #early: Deadline | undefined;
  #isQueued = false;

  constructor(options: DeadlineOptions) {
    super();
    const { afterMs, time = systemTime, parent, reserveMs = 0, expired } = options;
    requireNumber('afterMs', afterMs, { min: 0, max: MAX_TIMER_MS });
    this.reserveMs = requireNumber('reserveMs', reserveMs, { min: 0, max: afterMs });
    this.#time = time;
    this.#parent = parent;
    const now = time.monotonic();
    this.at = now + afterMs;
    this.#afterMs = afterMs;
    this.#expired = expired;
    this.#queue = queueOf(time);
    this.signal = this.#controller.signal;
    this.signal[MADE_BY] = this;
    if (parent?.aborted === true) this.#controller.abort(parent.reason);
    else this.#start(now);
  }

  /** Milliseconds until the deadline, at least 0. */
  get remainingMs(): number {
    return Math.max(0, this.at - this.#time.monotonic());
  }

  /** Milliseconds to announce to the next hop: the rest without this hop's margin, at least 0. */
  get remainingForHopMs(): number {
    return Math.max(0, this.remainingMs - HOP_MARGIN_MS);
  }

  /**
   * An earlier deadline, for calls that the answer can do without: it is over when the reserve begins, and with this
   * one, which disposes it too. The same one each time.
   */
  beforeReserve(): Deadline {
    if (this.reserveMs === 0) return this;
    this.#early ??= this.#makeEarly();
    return this.#early;
  }

  /**
   * `now` is the monotonic time, when just read.
   * @throws DeadlineError when less than `minMs` are left, so that a call would be in vain.
   */
  requireTime(minMs: number = MIN_TIME_TO_START_MS, now: number = this.#time.monotonic()): void {
    const left = Math.max(0, this.at - now);
    if (left < minMs) {
      throw new DeadlineError(`${left.toFixed(0)} ms left before the deadline, a call needs ${minMs} ms`);
    }
  }

  override expire(): void {
    this.#isQueued = false;
    const reason = this.#expired?.() ?? new DeadlineError(`The deadline of ${this.#afterMs} ms has passed`);
    this.#end(reason);
  }

  /** The parent aborted. */
  handleEvent(): void {
    this.#end(this.#parent?.reason);
  }

  /** Stops the clock and leaves the parent. The signal stays as it is. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#early?.[Symbol.dispose]();
  }

  #start(now: number): void {
    this.#isQueued = true;
    this.#queue.join(this, this.at, now);
    this.#parent?.addEventListener('abort', this);
  }

  #stop(): void {
    if (this.#isQueued) this.#queue.leave(this);
    this.#isQueued = false;
    this.#parent?.removeEventListener('abort', this);
  }

  #end(reason: unknown): void {
    this.#stop();
    this.#controller.abort(reason);
    if (this.#early !== undefined) this.#early.#end(reason);
  }

  #makeEarly(): Deadline {
    const afterMs = Math.max(0, this.remainingMs - this.reserveMs);
    const early = new Deadline({ afterMs, time: this.#time, expired: cutForReserve });
    if (this.signal.aborted) early.#end(this.signal.reason);
    return early;
  }
}
