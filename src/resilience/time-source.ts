import { systemClock, type Clock } from '../lib/clock.ts';

/** A pending callback; disposing it cancels the callback, also after it ran. */
export interface Timer extends Disposable {
  /** Keeps the process alive while pending; timers start that way. */
  ref(): unknown;
  /** Lets the process end while pending. */
  unref(): unknown;
}

/** Clock and timers as one dependency, so that a simulation can run hours in milliseconds. */
export interface TimeSource extends Clock {
  /** Runs `run` once, not before `delayMs` (0 to 2^31 - 1) milliseconds have passed. */
  after(delayMs: number, run: () => void): Timer;
}

/** The longest delay that a timer of Node takes, in milliseconds (about 24.8 days). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. */
export const systemTime: TimeSource = {
  ...systemClock,
  after: (delayMs, run) => setTimeout(run, delayMs),
};

/**
 * Resolves after `delayMs`. Leaves neither timer nor listener behind.
 * @throws the reason of `signal` as soon as that aborts.
 */
export function sleep(time: TimeSource, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    timer[Symbol.dispose]();
    reject(signal.reason);
  };
  const timer = time.after(delayMs, () => {
    signal.removeEventListener('abort', onAbort);
    resolve();
  });
  signal.addEventListener('abort', onAbort, { once: true });
  return promise;
}
