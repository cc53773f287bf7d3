import type { BreakerSettings } from '../../src/resilience/breaker-options.ts';
import type { BreakerMode, BreakerStateName } from '../../src/resilience/breaker-state.ts';
import type { Outcome } from '../../src/resilience/classify.ts';

interface Recorded {
  readonly bucket: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

interface Begun {
  readonly at: number;
  readonly round: number;
  isExpired: boolean;
  isEnded: boolean;
}

/** What a breaker must do, as plainly as it can be said: lists, no state classes, everything counted anew. */
export class BreakerModel {
  state: BreakerStateName = 'closed';
  mode: BreakerMode = 'auto';
  readonly #settings: BreakerSettings;
  readonly #random: () => number;
  readonly #calls: Begun[] = [];
  #round = 0;
  #since = 0;
  #until = 0;
  #openings = 0;
  #inARow = 0;
  #slowInARow = 0;
  #good = 0;
  #bad = 0;
  #recorded: Recorded[] = [];

  constructor(settings: BreakerSettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  /** The number of the call, or null when it is refused. */
  begin(now: number): number | null {
    if (this.state === 'forced_open') return null;
    this.#expire(now);
    if (this.state === 'open') {
      if (now < this.#until) return null;
      this.#go('half_open', now);
    }
    const running = this.#probes().length;
    if (this.state === 'half_open' && running + this.#good + this.#bad >= this.#settings.probes) return null;
    this.#calls.push({ at: now, round: this.#round, isExpired: false, isEnded: false });
    return this.#calls.length - 1;
  }

  end(number: number, outcome: Outcome, now: number): void {
    const call = this.#calls[number];
    if (call === undefined || call.isEnded) return;
    if (call.round !== this.#round) {
      call.isEnded = true;
      return;
    }
    this.#expire(now);
    call.isEnded = true;
    if (call.round !== this.#round || call.isExpired) return;
    const isSlow = now - call.at >= this.#settings.slowMs;
    if (outcome === 'success' || outcome === 'failure') {
      if (this.state === 'half_open') this.#probe(outcome === 'success' && !isSlow, now);
      else this.#record(outcome === 'failure', isSlow, now);
    }
  }

  force(mode: BreakerMode, now: number): void {
    if (mode === this.mode) return;
    this.#openings = 0;
    this.#go(mode === 'forced_open' ? 'forced_open' : 'closed', now);
    this.mode = mode;
  }

  #record(isFailure: boolean, isSlow: boolean, now: number): void {
    const { bucketMs, buckets, maxOpenMs } = this.#settings;
    const bucket = Math.floor(now / bucketMs);
    this.#recorded.push({ bucket, isFailure, isSlow });
    this.#recorded = this.#recorded.filter((one) => one.bucket > bucket - buckets);
    this.#inARow = isFailure ? this.#inARow + 1 : 0;
    this.#slowInARow = isSlow ? this.#slowInARow + 1 : 0;
    if (!this.#isBroken() || this.mode === 'closed' || (!isFailure && !isSlow)) return;
    if (now - this.#since >= maxOpenMs) this.#openings = 0;
    this.#open(now);
  }

  #isBroken(): boolean {
    const { minCalls, failureRatio, slowRatio, consecutiveFailures, consecutiveSlow } = this.#settings;
    if (this.#inARow >= consecutiveFailures || this.#slowInARow >= consecutiveSlow) return true;
    if (this.#recorded.length < minCalls) return false;
    const share = (isBad: (one: Recorded) => boolean): number =>
      this.#recorded.filter(isBad).length / this.#recorded.length;
    return share((one) => one.isFailure) >= failureRatio || share((one) => one.isSlow) >= slowRatio;
  }

  #probe(isGood: boolean, now: number): void {
    if (isGood) this.#good++;
    else this.#bad++;
    if (this.#bad > this.#settings.probes - this.#settings.goodProbes) this.#open(now);
    else if (this.#good >= this.#settings.goodProbes) this.#go('closed', now);
  }

  #open(now: number): void {
    const { openMs, maxOpenMs } = this.#settings;
    this.#until = now + (1 - this.#random()) * Math.min(maxOpenMs, openMs * 2 ** this.#openings);
    this.#openings++;
    this.#go('open', now);
  }

  #probes(): readonly Begun[] {
    return this.#calls.filter((call) => call.round === this.#round && !call.isEnded && !call.isExpired);
  }

  #expire(now: number): void {
    if (this.state !== 'half_open') return;
    const late = this.#probes().filter((call) => call.at + this.#settings.probeTimeoutMs <= now);
    for (const call of late) {
      call.isExpired = true;
      this.#bad++;
    }
    if (late.length > 0 && this.#bad > this.#settings.probes - this.#settings.goodProbes) this.#open(now);
  }

  #go(state: BreakerStateName, now: number): void {
    this.state = state;
    this.#round++;
    this.#since = now;
    this.#inARow = 0;
    this.#slowInARow = 0;
    this.#good = 0;
    this.#bad = 0;
    this.#recorded = [];
  }
}
