import type { Clock } from '../../lib/clock.ts';
import type { Timings } from './search.ts';

/** Collects the time that named stages of one request take. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds by stage in order of first use, and `total` since the start. */
  timings(): Timings;
}

export function startStopwatch(clock: Clock): Stopwatch {
  const start = clock.monotonic();
  const stages = new Map<string, number>();
  return {
    async time(stage, work) {
      const began = clock.monotonic();
      try {
        return await work();
      } finally {
        stages.set(stage, (stages.get(stage) ?? 0) + clock.monotonic() - began);
      }
    },
    timings: () => {
      const entries = [...stages].map(([stage, ms]) => [stage, round(ms)] as const);
      return Object.fromEntries([...entries, ['total', round(clock.monotonic() - start)]]);
    },
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
