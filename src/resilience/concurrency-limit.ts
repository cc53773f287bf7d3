import type { Outcome } from './classify.ts';
import { requireNumber } from './require-number.ts';

/** How many calls may run at once. */
export interface ConcurrencyLimit {
  /** At least 1, whole. May change from call to call. */
  readonly current: number;
  /** True: `record` uses the duration, so that a caller has to measure it. */
  readonly isAdaptive: boolean;
  /** Learns from one ended call: its length in milliseconds, the calls that ran when it began, itself included. */
  record(sample: LimitSample): void;
}

/** One ended call. */
export interface LimitSample {
  readonly outcome: Outcome;
  /** Milliseconds, without the wait for a slot. */
  readonly durationMs: number;
  /** Calls that ran when it began, itself included. */
  readonly inFlight: number;
  /** Monotonic milliseconds at its end. */
  readonly now: number;
}

/** A limit that never changes. @throws RangeError unless it is a whole number from 1. */
export function fixedLimit(limit: number): ConcurrencyLimit {
  requireNumber('limit', limit, { min: 1, max: 100_000, isInteger: true });
  return { current: limit, isAdaptive: false, record: () => undefined };
}
