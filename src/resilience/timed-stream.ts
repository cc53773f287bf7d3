import type { StreamClocks } from './defaults.ts';
import { TimeoutError, type TimeoutPhase } from './errors.ts';
import { Expiring, type ExpiryQueue } from './expiry-queue.ts';
import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS, type TimeSource } from './time-source.ts';

/** Opens a stream. It must stop, and close its connection, when `signal` aborts. */
export type StreamWork<T> = (signal: AbortSignal) => AsyncIterable<T>;

/** How a stream ended: whole, cut by its caller, or by an error (its own, a clock's, the signal's reason). */
export type StreamEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface TimedStreamOptions {
  /** Names the dependency in errors. */
  readonly name: string;
  readonly clocks: StreamClocks;
  readonly time: TimeSource;
  /** Of this time, shared by streams with the same clocks. */
  readonly queue: ExpiryQueue;
  /** Called first; what it throws, or rejects with, is thrown before the stream is opened. */
  readonly enter?: () => void | Promise<void>;
  /** Called once, with the milliseconds until the first item. */
  readonly onFirstItem?: (durationMs: number) => void;
  /** Called once, when the stream is over: at once when a clock runs out, also while the reader is slow. */
  readonly onEnd?: (end: StreamEnd) => void;
}

/**
 * Reads a stream under three clocks: until the first item, between items, in total. A reader that is slow does not
 * use up the gap. When a clock runs out, or the caller's signal aborts, the work's signal aborts and the reader gets
 * the error at once. A reader that stops early aborts the work too.
 * @throws TimeoutError, the reason of `signal`, or what the stream throws.
 */
export async function* timedStream<T>(
  open: StreamWork<T>,
  signal: AbortSignal,
  options: TimedStreamOptions,
): AsyncGenerator<T, void, undefined> {
  checkStreamClocks(options.clocks);
  const entering = options.enter?.();
  if (entering !== undefined) await entering;
  const watch = new StreamWatch(signal, options);
  let items: AsyncIterator<T> | undefined;
  try {
    signal.throwIfAborted();
    items = open(watch.signal)[Symbol.asyncIterator]();
    for (;;) {
      const step = await watch.read(items);
      if (step.done === true) break;
      yield step.value;
    }
    watch.end({ kind: 'done' });
  } catch (error) {
    watch.end({ kind: 'failed', error });
    throw error;
  } finally {
    if (watch.end({ kind: 'left' }) || watch.signal.aborted) closeQuietly(items);
  }
}

/** Lets a stream that was cut clean up; nobody waits for it. */
function closeQuietly(items: AsyncIterator<unknown> | undefined): void {
  const closing = items?.return?.();
  closing?.catch(() => undefined);
}

/** @throws RangeError when one is out of bounds. */
function checkStreamClocks(clocks: StreamClocks): void {
  const range = { min: 1, max: MAX_TIMER_MS };
  requireNumber('firstItemMs', clocks.firstItemMs, range);
  requireNumber('gapMs', clocks.gapMs, range);
  requireNumber('totalMs', clocks.totalMs, range);
}

/** It is in the queue for the next of its three clocks, and joins it anew only when that comes, or would come late. */
class StreamWatch extends Expiring {
  readonly #outer: AbortSignal;
  readonly #options: TimedStreamOptions;
  readonly #time: TimeSource;
  readonly #began: number;
  readonly #controller = new AbortController();
  #isQueued = false;
  /** When the item that the reader waits for is late. */
  #lateAt = Number.POSITIVE_INFINITY;
  /** Rejects the wait of the reader. */
  #giveUp: ((reason: unknown) => void) | null = null;
  #end: StreamEnd | null = null;
  #hasItem = false;

  constructor(outer: AbortSignal, options: TimedStreamOptions) {
    super();
    this.#outer = outer;
    this.#options = options;
    this.#time = options.time;
    this.#began = this.#time.monotonic();
    outer.addEventListener('abort', this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The next step of the stream, unless it is cut first. */
  read<T>(items: AsyncIterator<T>): Promise<IteratorResult<T>> {
    if (this.#end?.kind === 'failed') return Promise.reject(this.#end.error);
    const now = this.#time.monotonic();
    const { firstItemMs, gapMs } = this.#options.clocks;
    this.#lateAt = now + (this.#hasItem ? gapMs : firstItemMs);
    this.#watchClocks(now);
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      const received = (step: IteratorResult<T>): void => {
        if (this.#end === null) this.#received(step.done === true);
        resolve(step);
      };
      items.next().then(received, reject);
    });
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.end({ kind: 'failed', error: this.#outer.reason });
  }

  /** Only the first end counts; false for any other. */
  end(end: StreamEnd): boolean {
    if (this.#end !== null) return false;
    this.#end = end;
    if (this.#isQueued) this.#options.queue.leave(this);
    this.#outer.removeEventListener('abort', this);
    if (end.kind === 'failed') {
      this.#giveUp?.(end.error);
      this.#controller.abort(end.error);
    } else if (end.kind === 'left') {
      this.#controller.abort(new DOMException('The reader went away', 'AbortError'));
    }
    this.#options.onEnd?.(end);
    return true;
  }

  #received(isLast: boolean): void {
    this.#lateAt = Number.POSITIVE_INFINITY;
    if (!this.#hasItem && !isLast) this.#options.onFirstItem?.(this.#time.monotonic() - this.#began);
    this.#hasItem = true;
  }

  get #totalAt(): number {
    return this.#began + this.#options.clocks.totalMs;
  }

  #watchClocks(now: number): void {
    const { queue } = this.#options;
    const at = Math.min(this.#lateAt, this.#totalAt);
    if (this.#isQueued) {
      if (at >= this.expiresAt) return;
      queue.leave(this);
    }
    this.#isQueued = true;
    queue.join(this, at, now);
  }

  override expire(): void {
    this.#isQueued = false;
    const now = this.#time.monotonic();
    const { firstItemMs, gapMs, totalMs } = this.#options.clocks;
    // It may come a fraction of a millisecond early by this clock.
    if (this.#totalAt <= now + 1) this.#runOut(totalMs, 'total');
    else if (this.#lateAt > now + 1) this.#watchClocks(now);
    else if (this.#hasItem) this.#runOut(gapMs, 'gap');
    else this.#runOut(firstItemMs, 'first_item');
  }

  #runOut(limitMs: number, phase: TimeoutPhase): void {
    this.end({ kind: 'failed', error: new TimeoutError(this.#options.name, limitMs, phase) });
  }
}
