import { checkBreakerSettings, type BreakerSettings } from './breaker-options.ts';
import type {
  BreakerMode,
  BreakerSnapshot,
  BreakerState,
  BreakerStateName,
  ClosedState,
  HalfOpenState,
  Transition,
  TransitionReason,
} from './breaker-state.ts';
import type { Outcome } from './classify.ts';
import { BreakerDisabledError, BreakerOpenError } from './errors.ts';
import { RollingWindow } from './rolling-window.ts';
import { systemTime, type TimeSource } from './time-source.ts';

export interface BreakerOptions extends BreakerSettings {
  /** Shown in errors, events and snapshots. */
  readonly name: string;
  /** True: lets everything through, counts nothing, cannot be forced. Default false. */
  readonly isDisabled?: boolean;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** From 0 to 1 (exclusive), for the jitter of the open time. Default `Math.random`. */
  readonly random?: () => number;
}

/** One call that a breaker let through. */
export interface BreakerCall {
  /** Monotonic milliseconds at which it began. */
  readonly startedAt: number;
  /**
   * Says how the call ended; only the first time counts. `durationMs` decides whether it was slow (a stream gives
   * its time to the first item); default: the time since it began. `now` is the monotonic time, when just read.
   */
  end(outcome: Outcome, durationMs?: number, now?: number): void;
}

/**
 * A circuit breaker over completed calls in a window of time. It has no timers: an open breaker becomes half-open
 * with the first call after its open time. Results of calls that began before the last transition change nothing
 * but the totals. Source: Nygard, "Release It!"; rules of reference 1.3, R3 to R6.
 */
export class Breaker {
  readonly name: string;
  readonly #settings: BreakerSettings;
  readonly #time: TimeSource;
  readonly #random: () => number;
  readonly #window: RollingWindow;
  readonly #listeners = new Set<(transition: Transition) => void>();
  readonly #totals = { successes: 0, failures: 0, ignored: 0, pushbacks: 0, slow: 0, rejected: 0, opened: 0 };
  readonly #finish: Finish = (call, end) => this.#end(call, end);
  #state: BreakerState;
  #reason: TransitionReason | null = null;
  #sinceWall: number;
  /** Number of the present state. */
  #epoch = 0;

  /** @throws RangeError when a setting is out of bounds. */
  constructor(options: BreakerOptions) {
    const { name, isDisabled = false, time = systemTime, random = Math.random } = options;
    this.name = name;
    this.#settings = checkBreakerSettings(options);
    this.#time = time;
    this.#random = random;
    this.#window = new RollingWindow(options);
    const since = time.monotonic();
    this.#state = isDisabled ? { name: 'disabled', since } : closed(since, 0);
    this.#sinceWall = time.now();
  }

  /** The state as the last call left it: an open one stays `open` after its time until a call comes. */
  get state(): BreakerStateName {
    return this.#state.name;
  }

  /** A call of at least this many milliseconds is slow. */
  get slowMs(): number {
    return this.#settings.slowMs;
  }

  /**
   * Lets one call through; the caller must `end` it. `now` is the monotonic time, when just read.
   * @throws BreakerOpenError when it may not go.
   */
  begin(now: number = this.#time.monotonic()): BreakerCall {
    if (this.#state.name !== 'closed' && this.#state.name !== 'disabled') this.#admit(now);
    const call = new Call(this.#finish, this.#epoch, now);
    if (this.#state.name === 'half_open') this.#state.running.set(call, now + this.#settings.probeTimeoutMs);
    return call;
  }

  /** What `begin` would throw now, without taking a probe slot; null when a call may go. Counts a rejection. */
  check(now: number = this.#time.monotonic()): BreakerOpenError | null {
    if (this.#state.name === 'closed' || this.#state.name === 'disabled') return null;
    const waitMs = this.#waitMs(now);
    if (waitMs <= 0) return null;
    this.#totals.rejected++;
    return new BreakerOpenError(this.name, this.#state.name, waitMs);
  }

  /**
   * `forced_open` refuses all calls, `closed` lets all through and counts them without opening, both until `auto`,
   * which starts over as closed with an empty window.
   * @throws BreakerDisabledError when the breaker is disabled.
   */
  force(mode: BreakerMode): void {
    if (this.#state.name === 'disabled') {
      throw new BreakerDisabledError(`The breaker ${this.name} is disabled: its dependency is not in use`);
    }
    if (mode === this.#mode()) return;
    const since = this.#time.monotonic();
    if (mode === 'forced_open') this.#enter({ name: 'forced_open', since }, 'operator');
    else this.#enter({ ...closed(since, 0), isHeld: mode === 'closed' }, 'operator');
  }

  /** Calls `listener` after each change of state, in order; what it throws is dropped. Returns its removal. */
  onTransition(listener: (transition: Transition) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The present state and counts. Changes nothing. */
  snapshot(): BreakerSnapshot {
    const now = this.#time.monotonic();
    const state = this.#state;
    return {
      name: this.name,
      state: state.name,
      mode: this.#mode(),
      since: this.#sinceWall,
      retryAfterMs: Math.max(0, this.#waitMs(now)),
      reason: this.#reason,
      window: { ...this.#window.counts(now) },
      consecutiveFailures: state.name === 'closed' ? state.consecutiveFailures : 0,
      totals: { ...this.#totals },
    };
  }

  #mode(): BreakerMode {
    if (this.#state.name === 'forced_open') return 'forced_open';
    return this.#state.name === 'closed' && this.#state.isHeld ? 'closed' : 'auto';
  }

  /** Milliseconds until a call may go; 0 or less: now. */
  #waitMs(now: number): number {
    const state = this.#state;
    if (state.name === 'open') return state.until - now;
    if (state.name === 'forced_open') return this.#settings.maxOpenMs;
    if (state.name !== 'half_open') return 0;
    if (state.good + state.bad + state.running.size < this.#settings.probes) return 0;
    return Math.min(...state.running.values()) - now;
  }

  /** Brings a state that refuses up to date. @throws BreakerOpenError. */
  #admit(now: number): void {
    if (this.#state.name === 'half_open') this.#expireProbes(this.#state, now);
    if (this.#state.name === 'open' && now >= this.#state.until) {
      const { doublings } = this.#state;
      const running = new Map<object, number>();
      this.#enter({ name: 'half_open', since: now, doublings, running, good: 0, bad: 0 }, 'open_time_over');
    }
    const waitMs = this.#waitMs(now);
    if (waitMs <= 0) return;
    this.#totals.rejected++;
    throw new BreakerOpenError(this.name, this.#state.name, waitMs);
  }

  #end(call: Call, { outcome, durationMs, now = this.#time.monotonic() }: End): void {
    if (this.#state.name === 'disabled') return;
    const isSlow = (durationMs ?? now - call.startedAt) >= this.#settings.slowMs;
    this.#count(outcome, isSlow);
    if (call.epoch !== this.#epoch) return;
    if (this.#state.name === 'half_open') this.#endProbe(this.#state, { call, outcome, isSlow, now });
    else if (this.#state.name === 'closed' && (outcome === 'success' || outcome === 'failure')) {
      this.#record(this.#state, { isFailure: outcome === 'failure', isSlow, now });
    }
  }

  #count(outcome: Outcome, isSlow: boolean): void {
    this.#totals[TOTAL_OF[outcome]]++;
    if (isSlow && (outcome === 'success' || outcome === 'failure')) this.#totals.slow++;
  }

  #record(state: ClosedState, { isFailure, isSlow, now }: Completed): void {
    this.#window.add(now, isFailure, isSlow);
    state.consecutiveFailures = isFailure ? state.consecutiveFailures + 1 : 0;
    state.consecutiveSlow = isSlow ? state.consecutiveSlow + 1 : 0;
    if (state.isHeld || (!isFailure && !isSlow)) return;
    const reason = this.#reasonToOpen(state, now);
    if (reason === null) return;
    const wasHealthy = now - state.since >= this.#settings.maxOpenMs;
    this.#open(now, wasHealthy ? 0 : state.doublings, reason);
  }

  #reasonToOpen(state: ClosedState, now: number): TransitionReason | null {
    const { consecutiveFailures, consecutiveSlow, minCalls, failureRatio, slowRatio } = this.#settings;
    if (state.consecutiveFailures >= consecutiveFailures) return 'consecutive_failures';
    if (state.consecutiveSlow >= consecutiveSlow) return 'consecutive_slow';
    const { completed, failed, slow } = this.#window.counts(now);
    if (completed < minCalls) return null;
    if (failed >= completed * failureRatio) return 'failure_ratio';
    return slow >= completed * slowRatio ? 'slow_ratio' : null;
  }

  #endProbe(state: HalfOpenState, { call, outcome, isSlow, now }: EndedProbe): void {
    this.#expireProbes(state, now);
    if (this.#state !== state || !state.running.delete(call)) return;
    if (outcome === 'success' && !isSlow) state.good++;
    else if (outcome === 'success' || outcome === 'failure') state.bad++;
    this.#judgeProbes(state, now);
  }

  /** Slots that timed out count as bad. */
  #expireProbes(state: HalfOpenState, now: number): void {
    for (const [call, until] of state.running) {
      if (until > now) break;
      state.running.delete(call);
      state.bad++;
    }
    this.#judgeProbes(state, now);
  }

  #judgeProbes({ good, bad, doublings }: HalfOpenState, now: number): void {
    const { probes, goodProbes } = this.#settings;
    if (bad > probes - goodProbes) this.#open(now, doublings, 'probes_bad');
    else if (good >= goodProbes) this.#enter(closed(now, doublings), 'probes_good');
  }

  /** `doublings` of the time now drawn; the next opening has one more. */
  #open(now: number, doublings: number, reason: TransitionReason): void {
    const { openMs, maxOpenMs } = this.#settings;
    const bound = Math.min(maxOpenMs, openMs * 2 ** doublings);
    const until = now + (1 - this.#random()) * bound;
    this.#totals.opened++;
    this.#enter({ name: 'open', since: now, until, doublings: Math.min(doublings + 1, 64) }, reason);
  }

  #enter(state: BreakerState, reason: TransitionReason): void {
    const from = this.#state.name;
    this.#state = state;
    this.#reason = reason;
    this.#epoch++;
    this.#window.clear();
    this.#sinceWall = this.#time.now();
    const transition = { breaker: this.name, from, to: state.name, reason, at: this.#sinceWall };
    for (const listener of this.#listeners) tell(listener, transition);
  }
}

interface Completed {
  readonly isFailure: boolean;
  readonly isSlow: boolean;
  readonly now: number;
}

interface EndedProbe {
  readonly call: Call;
  readonly outcome: Outcome;
  readonly isSlow: boolean;
  readonly now: number;
}

const TOTAL_OF = {
  success: 'successes',
  failure: 'failures',
  ignored: 'ignored',
  pushback: 'pushbacks',
} as const satisfies Record<Outcome, string>;

/** What a caller says at the end of a call. */
interface End {
  readonly outcome: Outcome;
  readonly durationMs: number | undefined;
  readonly now: number | undefined;
}

type Finish = (call: Call, end: End) => void;

class Call implements BreakerCall {
  readonly epoch: number;
  readonly startedAt: number;
  #finish: Finish | null;

  constructor(finish: Finish, epoch: number, now: number) {
    this.#finish = finish;
    this.epoch = epoch;
    this.startedAt = now;
  }

  end(outcome: Outcome, durationMs?: number, now?: number): void {
    const finish = this.#finish;
    this.#finish = null;
    finish?.(this, { outcome, durationMs, now });
  }
}

function closed(since: number, doublings: number): ClosedState {
  return { name: 'closed', isHeld: false, since, doublings, consecutiveFailures: 0, consecutiveSlow: 0 };
}

/** A listener that fails must not fail the call that changed the state. */
function tell(listener: (transition: Transition) => void, transition: Transition): void {
  try {
    listener(transition);
  } catch {
    // Documented: what a listener throws is dropped.
  }
}
