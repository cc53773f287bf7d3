/** How a breaker is held: by its own rules, or by an operator until `auto`. */
export const BREAKER_HOLDS = ['auto', 'forced_open', 'closed'] as const;
export type BreakerHold = (typeof BREAKER_HOLDS)[number];

/** A circuit breaker as operators see it. */
export interface BreakerStatus {
  readonly name: string;
  readonly state: 'closed' | 'open' | 'half_open' | 'forced_open' | 'disabled';
  readonly mode: BreakerHold;
  /** ISO time at which the state began. */
  readonly since: string;
  /** Seconds until a call may go through; 0 when it may now. */
  readonly retryAfterSeconds: number;
  /** Why the state began; null since the start. */
  readonly reason: string | null;
  /** Calls of the window in which the rules look. */
  readonly window: { readonly completed: number; readonly failed: number; readonly slow: number };
  /** Counts since the process began. */
  readonly totals: {
    readonly successes: number;
    readonly failures: number;
    readonly ignored: number;
    readonly pushbacks: number;
    readonly slow: number;
    readonly rejected: number;
    readonly opened: number;
  };
}

/** The circuit breakers of a process. */
export interface Breakers {
  list(): readonly BreakerStatus[];
  /**
   * Holds a breaker, until `auto`, which starts over as closed. Resolves to what it is then.
   * @throws HoldfastError `breaker_not_found`, `breaker_disabled`.
   */
  hold(name: string, mode: BreakerHold): BreakerStatus;
}
