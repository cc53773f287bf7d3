import { requireNumber } from './require-number.ts';
import { MAX_TIMER_MS } from './time-source.ts';

/** When a breaker opens, for how long, and when it closes again. */
export interface BreakerSettings {
  /** Length of one bucket of the window in milliseconds. */
  readonly bucketMs: number;
  /** Buckets of the window. */
  readonly buckets: number;
  /** Completed calls in the window before a ratio counts. */
  readonly minCalls: number;
  /** Opens when at least this share of the completed calls failed, above 0 to 1. */
  readonly failureRatio: number;
  /** A call of at least this length is slow, in milliseconds. */
  readonly slowMs: number;
  /** Opens when at least this share of the completed calls was slow, above 0 to 1. */
  readonly slowRatio: number;
  /** Opens after this many failures in a row, whatever the volume. */
  readonly consecutiveFailures: number;
  /** Opens after this many slow calls in a row: where much is asked, a window is full of the good calls before. */
  readonly consecutiveSlow: number;
  /** Upper bound of the first open time in milliseconds; the time itself is drawn from 0 to it (full jitter). */
  readonly openMs: number;
  /** The bound doubles with each opening up to this; so long closed, it starts over. In milliseconds. */
  readonly maxOpenMs: number;
  /** Probes of one half-open phase. */
  readonly probes: number;
  /** Good probes that close it; more bad ones than it can spare open it again. */
  readonly goodProbes: number;
  /** A probe that has not ended after this counts as bad, in milliseconds. */
  readonly probeTimeoutMs: number;
}

/** The settings as they are. @throws RangeError with the name and value of the first bad number. */
export function checkBreakerSettings(settings: BreakerSettings): BreakerSettings {
  const count = { min: 1, max: 1_000_000, isInteger: true };
  const share = { min: Number.MIN_VALUE, max: 1 };
  const time = { min: 1, max: MAX_TIMER_MS };
  requireNumber('minCalls', settings.minCalls, count);
  requireNumber('failureRatio', settings.failureRatio, share);
  requireNumber('slowMs', settings.slowMs, time);
  requireNumber('slowRatio', settings.slowRatio, share);
  requireNumber('consecutiveFailures', settings.consecutiveFailures, count);
  requireNumber('consecutiveSlow', settings.consecutiveSlow, count);
  requireNumber('openMs', settings.openMs, time);
  requireNumber('maxOpenMs', settings.maxOpenMs, { ...time, min: settings.openMs });
  requireNumber('probes', settings.probes, count);
  requireNumber('goodProbes', settings.goodProbes, { ...count, max: settings.probes });
  requireNumber('probeTimeoutMs', settings.probeTimeoutMs, time);
  return settings;
}
