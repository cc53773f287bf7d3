import { monitorEventLoopDelay } from 'node:perf_hooks';
import { requireNumber } from './require-number.ts';
import { systemTime, type TimeSource } from './time-source.ts';

/** What is needed of Node's histogram of the event loop; nanoseconds. */
export interface DelayHistogram {
  readonly count: number;
  percentile(percentile: number): number;
  reset(): void;
  enable(): boolean;
  disable(): boolean;
}

export interface EventLoopMonitorOptions {
  /** How often the histogram samples, in milliseconds, 1 to 1,000. Default 20. */
  readonly resolutionMs?: number;
  /** A reading looks back between one and two of these, in milliseconds. Default 1,000. */
  readonly windowMs?: number;
  /** Default: Node's `monitorEventLoopDelay`. */
  readonly histogram?: DelayHistogram;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** Watches how late the event loop is. Node samples in the background; reading costs next to nothing. */
export interface EventLoopMonitor extends Disposable {
  /** p99 of the delay over the last one to two windows, in milliseconds; the worse of the two. */
  delayP99Ms(): number;
}

/** Starts watching; dispose it to stop. @throws RangeError when a number is out of bounds. */
export function createEventLoopMonitor(options: EventLoopMonitorOptions = {}): EventLoopMonitor {
  const { resolutionMs = 20, windowMs = 1000, time = systemTime } = options;
  requireNumber('resolutionMs', resolutionMs, { min: 1, max: 1000, isInteger: true });
  requireNumber('windowMs', windowMs, { min: resolutionMs, max: 60_000 });
  const histogram = options.histogram ?? monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let began = time.monotonic();
  let previousMs = 0;
  let currentMs = 0;
  let readAt = Number.NEGATIVE_INFINITY;

  /** The histogram holds whole intervals between two samples, so the resolution is taken off. */
  const read = (): number =>
    histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs);

  return {
    delayP99Ms() {
      const now = time.monotonic();
      if (now - readAt >= resolutionMs) {
        readAt = now;
        currentMs = read();
        if (now - began >= windowMs) {
          previousMs = currentMs;
          currentMs = 0;
          began = now;
          histogram.reset();
        }
      }
      return Math.max(previousMs, currentMs);
    },
    [Symbol.dispose]() {
      histogram.disable();
    },
  };
}
