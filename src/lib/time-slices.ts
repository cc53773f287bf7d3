import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Cuts long work on a thread that serves others into slices; between two of them whoever waits is served. */
export interface TimeSlices {
  /** True once the slice has lasted long enough: `rest` is due. */
  isOver(): boolean;
  /** Lets the event loop look for input and work on it; then the next slice begins. @throws the reason of the signal. */
  rest(): Promise<void>;
  /** Takes all steps of the work, with a rest after the one in which a slice is over. */
  run<Result>(steps: Generator<void, Result>): Promise<Result>;
}

export interface TimeSlicesOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly sliceMs: number;
  /** Once it is aborted, no slice follows a rest. */
  readonly signal?: AbortSignal;
}

/** The first slice begins now. */
export function timeSlices({ clock, sliceMs, signal }: TimeSlicesOptions): TimeSlices {
  let began = clock.monotonic();
  const isOver = (): boolean => clock.monotonic() - began >= sliceMs;
  const rest = async (): Promise<void> => {
    await turn();
    signal?.throwIfAborted();
    began = clock.monotonic();
  };
  return {
    isOver,
    rest,
    async run(steps) {
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        if (isOver()) await rest();
      }
    },
  };
}

/** The result of work in steps, without a rest. */
export function atOnce<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
