import { LatencyQuantile } from './latency-quantile.ts';
import { requireNumber } from './require-number.ts';
import { systemTime, type TimeSource, type Timer } from './time-source.ts';
import type { Executor, Work } from './work.ts';

export interface HedgeOptions {
  /** Share of the durations after which the second call starts, 0.5 to 0.999. Default 0.95. */
  readonly quantile?: number;
  /** Second calls per first call, 0 to 1. Default 0.05. */
  readonly ratio?: number;
  /** Second calls that can be saved up. Default 10. */
  readonly capacity?: number;
  /** Durations that the quantile looks back on, from 32. Default 1,024. */
  readonly memory?: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/**
 * Starts a second call beside one that takes longer than most, and gives the first success of both; the loser's
 * signal aborts. For reads that can go to another replica (the work's `attempt` is 1 for the second call).
 * The first call's length is measured as if it had not been hedged, as far as it is known.
 * Source: Dean and Barroso, "The Tail at Scale", CACM 2013.
 */
export class Hedge implements Executor {
  readonly #ratio: number;
  readonly #capacity: number;
  readonly #latency: LatencyQuantile;
  readonly #time: TimeSource;
  #tokens: number;

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: HedgeOptions = {}) {
    const { quantile = 0.95, ratio = 0.05, capacity = 10, memory = 1024, time = systemTime } = options;
    requireNumber('quantile', quantile, { min: 0.5, max: 0.999 });
    this.#ratio = requireNumber('ratio', ratio, { min: 0, max: 1 });
    this.#capacity = requireNumber('capacity', capacity, { min: 1, max: 10_000 });
    this.#latency = new LatencyQuantile(quantile, memory);
    this.#time = time;
    this.#tokens = 0;
  }

  /** Milliseconds after which a second call starts; NaN until 32 calls have been seen. */
  get delayMs(): number {
    return this.#latency.value;
  }

  /** @throws what the last of the calls to fail threw. */
  execute<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    return this.run(work, signal, always);
  }

  /** As `execute`; `mayHedge` is asked when the delay is over. */
  run<T>(work: Work<T>, signal: AbortSignal, mayHedge: () => boolean): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#ratio);
    const delayMs = this.#latency.value;
    return new Promise((resolve, reject) => {
      const race = new Race(work, signal, { resolve, reject });
      const began = this.#time.monotonic();
      race.start(0, () => this.#latency.add(this.#time.monotonic() - began));
      if (Number.isNaN(delayMs)) return;
      race.timer = this.#time.after(delayMs, () => {
        if (!race.isOpen || !mayHedge() || this.#tokens < 1) return;
        this.#tokens -= 1;
        // The first call is at least as long as this, whatever becomes of it.
        race.start(1, () => this.#latency.add(this.#time.monotonic() - began));
      });
    });
  }
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Up to two calls of one piece of work. */
class Race<T> {
  timer: Timer | null = null;
  readonly #work: Work<T>;
  readonly #signal: AbortSignal;
  readonly #settle: Settle<T>;
  readonly #controllers: AbortController[] = [];
  #running = 0;
  #isOpen = true;

  constructor(work: Work<T>, signal: AbortSignal, settle: Settle<T>) {
    this.#work = work;
    this.#signal = signal;
    this.#settle = settle;
    signal.addEventListener('abort', this);
  }

  /** False once a call has won, or both have failed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs call number `attempt`; `onSuccess` is called if it wins. */
  start(attempt: number, onSuccess: () => void): void {
    const controller = new AbortController();
    this.#controllers.push(controller);
    this.#running++;
    run(this.#work, controller.signal, attempt).then(
      (value) => this.#win(value, controller, onSuccess),
      (error: unknown) => {
        this.#running--;
        if (this.#running === 0 && this.#close()) this.#settle.reject(error);
      },
    );
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    if (!this.#close()) return;
    for (const controller of this.#controllers) controller.abort(this.#signal.reason);
    this.#settle.reject(this.#signal.reason);
  }

  #win(value: T, winner: AbortController, onSuccess: () => void): void {
    if (!this.#close()) return;
    onSuccess();
    const reason = new DOMException('Another call was faster', 'AbortError');
    for (const controller of this.#controllers) if (controller !== winner) controller.abort(reason);
    this.#settle.resolve(value);
  }

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.timer?.[Symbol.dispose]();
    this.#signal.removeEventListener('abort', this);
    return true;
  }
}

/** Turns a synchronous throw into a rejection. */
async function run<T>(work: Work<T>, signal: AbortSignal, attempt: number): Promise<T> {
  return work(signal, attempt);
}

function always(): boolean {
  return true;
}
