import type { StreamClocks } from './defaults.ts';
import { TimeoutError, type TimeoutPhase } from './errors.ts';
import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS, systemTime, type TimeSource, type Timer } from './time-source.ts';

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
  /** Default: the machine's time. */
  readonly time?: TimeSource;
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
  const watch = new StreamWatch(signal, options);
  let items: AsyncIterator<T> | undefined;
  try {
    signal.throwIfAborted();
    items = open(watch.signal)[Symbol.asyncIterator]();
    for (;;) {
      const step = await watch.next(items);
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

/** The clocks as they are. @throws RangeError when one is out of bounds. */
export function checkStreamClocks(clocks: StreamClocks): StreamClocks {
  const range = { min: 1, max: MAX_TIMER_MS };
  requireNumber('firstItemMs', clocks.firstItemMs, range);
  requireNumber('gapMs', clocks.gapMs, range);
  requireNumber('totalMs', clocks.totalMs, range);
  return clocks;
}

class StreamWatch {
  readonly #outer: AbortSignal;
  readonly #options: TimedStreamOptions;
  readonly #time: TimeSource;
  readonly #began: number;
  readonly #total: Timer;
  readonly #controller = new AbortController();
  readonly #cut = Promise.withResolvers<never>();
  #isOpen = true;
  #hasItem = false;

  constructor(outer: AbortSignal, options: TimedStreamOptions) {
    this.#outer = outer;
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#began = this.#time.monotonic();
    const { totalMs } = checkStreamClocks(options.clocks);
    this.#total = this.#time.after(totalMs, () => this.#runOut(totalMs, 'total'));
    // Nobody may be reading when it is cut.
    this.#cut.promise.catch(() => undefined);
    outer.addEventListener('abort', this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The next step of the stream, unless it is cut first. */
  async next<T>(items: AsyncIterator<T>): Promise<IteratorResult<T>> {
    const { firstItemMs, gapMs } = this.#options.clocks;
    const [limitMs, phase] = this.#hasItem
      ? ([gapMs, 'gap'] as const)
      : ([firstItemMs, 'first_item'] as const);
    const timer = this.#time.after(limitMs, () => this.#runOut(limitMs, phase));
    try {
      const step = await Promise.race([this.#cut.promise, items.next()]);
      if (!this.#hasItem && step.done !== true)
        this.#options.onFirstItem?.(this.#time.monotonic() - this.#began);
      this.#hasItem = true;
      return step;
    } finally {
      timer[Symbol.dispose]();
    }
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.end({ kind: 'failed', error: this.#outer.reason });
  }

  /** Only the first end counts; false for any other. */
  end(end: StreamEnd): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#total[Symbol.dispose]();
    this.#outer.removeEventListener('abort', this);
    if (end.kind === 'failed') {
      this.#cut.reject(end.error);
      this.#controller.abort(end.error);
    } else if (end.kind === 'left') {
      this.#controller.abort(new DOMException('The reader went away', 'AbortError'));
    }
    this.#options.onEnd?.(end);
    return true;
  }

  #runOut(limitMs: number, phase: TimeoutPhase): void {
    this.end({ kind: 'failed', error: new TimeoutError(this.#options.name, limitMs, phase) });
  }
}
