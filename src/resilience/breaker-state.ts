/** How a breaker is held: by its own rules, or by an operator until `auto`. */
export type BreakerMode = 'auto' | 'forced_open' | 'closed';

/** Calls go through and are counted. */
export interface ClosedState {
  readonly name: 'closed';
  /** True: an operator keeps it closed whatever fails. */
  readonly isHeld: boolean;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** How often the open time has doubled. */
  readonly doublings: number;
  /** Failures since the last success. */
  consecutiveFailures: number;
  /** Slow calls since the last that was not. */
  consecutiveSlow: number;
}

/** Calls are refused until `until`. */
export interface OpenState {
  readonly name: 'open';
  readonly since: number;
  /** Monotonic milliseconds; the first call after it starts the half-open phase. */
  readonly until: number;
  readonly doublings: number;
}

/** A few calls go through as probes. */
export interface HalfOpenState {
  readonly name: 'half_open';
  readonly since: number;
  readonly doublings: number;
  /** Running probes, oldest first: when each of their slots times out. */
  readonly running: Map<object, number>;
  good: number;
  bad: number;
}

/** An operator refuses all calls. */
export interface ForcedOpenState {
  readonly name: 'forced_open';
  readonly since: number;
}

/** The dependency does not exist here: calls go through, nothing is counted. */
export interface DisabledState {
  readonly name: 'disabled';
  readonly since: number;
}

/** What a breaker is in; a field that a state has no use for cannot be set in it. */
export type BreakerState = ClosedState | OpenState | HalfOpenState | ForcedOpenState | DisabledState;

/** Names of the states as shown in health, status and metrics. */
export type BreakerStateName = BreakerState['name'];

/** Why a state changed. */
export type TransitionReason =
  | 'consecutive_failures'
  | 'failure_ratio'
  | 'slow_ratio'
  | 'consecutive_slow'
  | 'open_time_over'
  | 'probes_good'
  | 'probes_bad'
  | 'operator';

/** One change of state. */
export interface Transition {
  /** Name of the breaker. */
  readonly breaker: string;
  readonly from: BreakerStateName;
  readonly to: BreakerStateName;
  readonly reason: TransitionReason;
  /** Wall-clock milliseconds since the epoch. */
  readonly at: number;
}

/** What health, status and metrics show of a breaker. */
export interface BreakerSnapshot {
  readonly name: string;
  readonly state: BreakerStateName;
  readonly mode: BreakerMode;
  /** Wall-clock milliseconds since the epoch at which the state began. */
  readonly since: number;
  /** Milliseconds until a call may go through: 0 when it may now. */
  readonly retryAfterMs: number;
  /** Why the state began; null since the start. */
  readonly reason: TransitionReason | null;
  /** Calls of the window. */
  readonly window: { readonly completed: number; readonly failed: number; readonly slow: number };
  /** Failures since the last success; 0 unless closed. */
  readonly consecutiveFailures: number;
  /** Counts since the breaker was made. `opened` counts openings by rule. */
  readonly totals: BreakerTotals;
}

/** Counts since a breaker was made; late results are in them, calls through a disabled breaker are not. */
export interface BreakerTotals {
  readonly successes: number;
  readonly failures: number;
  readonly ignored: number;
  readonly pushbacks: number;
  readonly slow: number;
  readonly rejected: number;
  readonly opened: number;
}
