import type { TimeSource, Timer } from '../../src/resilience/time-source.ts';

/**
 * Time that passes only when told to, with its timers in order: a deterministic simulation. Between two timers all
 * promises settle that can, so asynchronous code runs as it would.
 */
export class SimulatedTime implements TimeSource {
  #now: number;
  readonly #wall: number;
  readonly #heap: Entry[] = [];
  readonly #settle: () => Promise<void>;
  #sequence = 0;
  #pending = 0;

  /** `startMs`: monotonic start; the wall clock begins at `wallMs`. `settled`: see `settle` and `settlePromises`. */
  constructor(startMs: number = 0, wallMs: number = Date.UTC(2026, 0, 1), settled = settle) {
    this.#now = startMs;
    this.#wall = wallMs - startMs;
    this.#settle = settled;
  }

  now(): number {
    return this.#wall + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Timers that have not run and were not cancelled. */
  get pendingTimers(): number {
    return this.#pending;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, run };
    this.#pending++;
    push(this.#heap, entry);
    const timer: Timer = {
      ref: () => timer,
      unref: () => timer,
      [Symbol.dispose]: () => {
        if (entry.run === null) return;
        entry.run = null;
        this.#pending--;
      },
    };
    return timer;
  }

  /** Resolves after `delayMs` of simulated time. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Lets `durationMs` pass, and everything happen that is due in it. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    await this.#settle();
    while (this.#runNext(end)) await this.#settle();
    this.#now = end;
  }

  /** Sets the time forward without running timers, for code that only reads the clock. */
  jump(durationMs: number): void {
    this.#now += durationMs;
  }

  /** Lets time pass until `promise` settles; fails when nothing is left that could settle it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const outcome = { isSettled: false };
    const mark = async (): Promise<void> => {
      await Promise.allSettled([promise]);
      outcome.isSettled = true;
    };
    void mark();
    await this.#settle();
    while (!outcome.isSettled) {
      if (!this.#runNext(Number.POSITIVE_INFINITY)) throw new Error('nothing is left that could happen');
      await this.#settle();
    }
    return promise;
  }

  /** Runs the next timer that is due by `end`; false when there is none. */
  #runNext(end: number): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      pop(this.#heap);
      const { run } = next;
      if (run === null) continue;
      this.#now = Math.max(this.#now, next.at);
      next.run = null;
      this.#pending--;
      run();
      return true;
    }
    return false;
  }
}

/** Resolves when every promise has settled that can without time passing. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The same for code without immediates, files or sockets of its own: many times faster. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    // Comes once no microtask is left.
    process.nextTick(resolve);
  });
}

interface Entry {
  readonly at: number;
  readonly sequence: number;
  run: (() => void) | null;
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}

/** Adds to a binary heap. */
function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(entry, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

/** Removes the first of a binary heap. */
function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    if (right !== undefined && isBefore(right, left)) child++;
    const below = right !== undefined && isBefore(right, left) ? right : left;
    if (!isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
