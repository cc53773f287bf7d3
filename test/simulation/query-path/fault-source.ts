import { HoldfastError } from '../../../src/core/errors.ts';
import { randomInteger } from '../../random.ts';
import type { SimulatedTime } from '../simulated-time.ts';
import { lastNoted } from './journal.ts';
import type { FaultWindow, Part } from './schedule.ts';

/** How often each fault was met. */
export type Met = Map<string, number>;

/** Says which fault a call meets now. */
export class FaultSource {
  readonly time: SimulatedTime;
  readonly random: () => number;
  /** None when everything works from now on. */
  #windows: readonly FaultWindow[];
  readonly #met: Met;

  constructor(
    windows: readonly FaultWindow[],
    parts: { time: SimulatedTime; random: () => number; met: Met },
  ) {
    this.#windows = windows;
    this.time = parts.time;
    this.random = parts.random;
    this.#met = parts.met;
  }

  /** Everything works from now on. */
  end(): void {
    this.#windows = [];
  }

  /** Null: none. Met faults are counted, and noted at the call of the question. */
  at(part: Part, kinds?: readonly string[]): string | null {
    const now = this.time.monotonic();
    for (const { part: one, kind, from, to, share } of this.#windows) {
      if (one !== part || now < from || now >= to) continue;
      if (kinds !== undefined && !kinds.includes(kind)) continue;
      if (share < 1 && this.random() >= share) continue;
      const name = `${part} ${kind}`;
      this.#met.set(name, (this.#met.get(name) ?? 0) + 1);
      const call = lastNoted();
      if (call !== undefined) call.fault = name;
      return kind;
    }
    return null;
  }

  /** A duration from `low` to `high` milliseconds. */
  between(low: number, high: number): number {
    return low + randomInteger(this.random, high - low);
  }
}

/** Never ends, whatever the signal says. */
export async function deafHang(): Promise<never> {
  return new Promise(() => undefined);
}

/** Ends when the signal does. */
export async function hang(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) throw signal.reason;
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

export function unreadable(): HoldfastError {
  return new HoldfastError('storage_failed', 'Cannot use the catalog: disk I/O error');
}
