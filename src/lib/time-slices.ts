import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Cuts long work on a thread that serves others into slices; between two of them whoever waits is served. */
export interface TimeSlices {
  /** True once the slice has lasted long enough: `rest` is due. */
  isOver(): boolean;
  /** Lets the event loop look for input and work on it; then the next slice begins. */
  rest(): Promise<void>;
}

/** The first slice begins now. */
export function timeSlices({ monotonic }: Pick<Clock, 'monotonic'>, sliceMs: number): TimeSlices {
  let began = monotonic();
  return {
    isOver: () => monotonic() - began >= sliceMs,
    async rest() {
      await turn();
      began = monotonic();
    },
  };
}
