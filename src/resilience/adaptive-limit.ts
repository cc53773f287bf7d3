import type { Outcome } from './classify.ts';
import type { ConcurrencyLimit, LimitSample } from './concurrency-limit.ts';
import { requireNumber } from './require-number.ts';

export interface AdaptiveLimitOptions {
  /** Calls at once to begin with. Default 2: the first calls show the latency without a queue. */
  readonly initial?: number;
  /** Default 1. */
  readonly min?: number;
  /** Default 1,000. */
  readonly max?: number;
  /** The shortest time between two changes, in milliseconds. Default 250. */
  readonly windowMs?: number;
  /** Successful calls between two changes, at least. Default 20. */
  readonly minSamples?: number;
  /** Milliseconds between two measurements of the latency without a queue. Default 10,000. */
  readonly probeEveryMs?: number;
}

/** The latency may be so much above the one without a queue before the limit falls. */
const TOLERANCE = 0.03;
/** Share of the limit that is added in each window. */
const GROWTH = 0.02;
/** Calls that a window without a queue adds at least. */
const LEAST_GROWTH = 0.5;
/** After so many windows without a queue, less those with one, the growth doubles with each. */
const PATIENCE = 3;
/** A latency so many times the one without a queue is no noise: the growth starts over. */
const SURE = 1.1;
/** Early measurements are few and noisy: the next comes so soon, and then after twice as long each time. */
const FIRST_PROBE_AFTER_MS = 1000;
/** The lowest factor of one window. */
const STEEPEST = 0.5;
/** Factor of a window in which the server pushed back (additive increase, multiplicative decrease). */
const BACKOFF = 0.9;
/** Share of the limit at which the latency without a queue is measured. */
const PROBE_SHARE = 0.7;
/** Factor of each deeper probe. */
const DEEPER = 0.5;
/** A latency of at least this share of the one at twice the load is the same. */
const SAME = 0.85;
/** A failure this many times as long as an unqueued call is a sign of overload. */
const LONG_FAILURE = 3;

interface Window {
  readonly began: number;
  samples: number;
  sumMs: number;
  /** The most calls that ran at once. */
  peak: number;
  isPushedBack: boolean;
}

/**
 * Finds how many calls a server can run at once by watching its latency. Above its capacity calls queue inside of
 * it, and the latency grows in proportion to the excess: limit x (latency without queue / latency) is the capacity.
 * The latency without queue is measured anew every few seconds, at a lower limit for one window, so that a server
 * that has become slower is not mistaken for a full one. Sources: Netflix concurrency-limits (Gradient), Envoy's
 * adaptive concurrency filter (min RTT windows), BBR (Cardwell et al., ACM Queue 2016).
 */
export class AdaptiveLimit implements ConcurrencyLimit {
  readonly isAdaptive = true;
  readonly #min: number;
  readonly #max: number;
  readonly #windowMs: number;
  readonly #minSamples: number;
  readonly #probeEveryMs: number;
  #limit: number;
  /** Mean latency without a queue in milliseconds; 0 until the first window. */
  #unqueuedMs = 0;
  /** Windows without a queue less those with one; decides how fast the limit grows. */
  #streak = 0;
  #probeAfterMs: number;
  /** 0: no probe runs; else how deep it goes. */
  #depth = 1;
  #lastProbeMs = 0;
  #learnedAt = Number.NEGATIVE_INFINITY;
  #nextProbe = Number.NEGATIVE_INFINITY;
  #window: Window = newWindow(Number.NEGATIVE_INFINITY);

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: AdaptiveLimitOptions = {}) {
    const {
      initial = 2,
      min = 1,
      max = 1000,
      windowMs = 250,
      minSamples = 20,
      probeEveryMs = 10_000,
    } = options;
    const whole = { min: 1, max: 100_000, isInteger: true };
    this.#min = requireNumber('min', min, whole);
    this.#max = requireNumber('max', max, { ...whole, min });
    this.#limit = requireNumber('initial', initial, { min, max });
    this.#windowMs = requireNumber('windowMs', windowMs, { min: 1, max: 60_000 });
    this.#minSamples = requireNumber('minSamples', minSamples, { ...whole, max: 10_000 });
    this.#probeEveryMs = requireNumber('probeEveryMs', probeEveryMs, { min: windowMs, max: 3_600_000 });
    this.#probeAfterMs = Math.min(FIRST_PROBE_AFTER_MS, probeEveryMs);
  }

  /** The limit now; lower for the moment while the latency without a queue is measured. */
  get current(): number {
    return this.#depth > 0 ? this.#probeLimit(this.#depth) : this.estimate;
  }

  /** Calls at once that the server was found to take. */
  get estimate(): number {
    return Math.floor(this.#limit);
  }

  /** The latency without a queue in milliseconds; 0 until it has been measured. */
  get unqueuedMs(): number {
    return this.#unqueuedMs;
  }

  record(sample: LimitSample): void {
    const window = this.#window;
    // Calls that began under another limit say nothing about this one.
    if (sample.now - sample.durationMs < window.began) return;
    if (window.began === Number.NEGATIVE_INFINITY) this.#window = newWindow(sample.now);
    else this.#add(window, sample);
  }

  #add(window: Window, { outcome, durationMs, inFlight, now }: LimitSample): void {
    window.peak = Math.max(window.peak, inFlight);
    if (outcome === 'success') {
      window.samples++;
      window.sumMs += durationMs;
    }
    if (this.#isOverload(outcome, durationMs)) window.isPushedBack = true;
    const isFull = window.samples >= this.#minSamples || window.isPushedBack;
    if (isFull && now - window.began >= this.#lengthMs(window)) this.#close(window, now);
  }

  /** Long enough for slow calls to begin and end in it; else only the fast ones would be seen. */
  #lengthMs({ samples, sumMs }: Window): number {
    return samples === 0 ? this.#windowMs : Math.max(this.#windowMs, (3 * sumMs) / samples);
  }

  #isOverload(outcome: Outcome, durationMs: number): boolean {
    if (outcome === 'pushback') return true;
    return outcome === 'failure' && this.#unqueuedMs > 0 && durationMs > LONG_FAILURE * this.#unqueuedMs;
  }

  #close(window: Window, now: number): void {
    const meanMs = window.samples === 0 ? this.#unqueuedMs : window.sumMs / window.samples;
    if (window.isPushedBack) this.#backOff();
    else if (this.#depth > 0) this.#endProbe(meanMs, now);
    else if (this.#isIdle(window) && meanMs <= SURE * this.#unqueuedMs) this.#learnUnqueued(meanMs, now);
    else this.#follow(meanMs, now);
    if (this.#depth === 0 && now >= this.#nextProbe) this.#depth = 1;
    this.#window = newWindow(now);
  }

  /**
   * A latency near the known one confirms it. A higher one is a slower server only when less load does not help;
   * else calls still queued, and the next probe goes deeper.
   */
  #endProbe(meanMs: number, now: number): void {
    const isKnown = this.#unqueuedMs === 0 || meanMs <= SURE * this.#unqueuedMs;
    const isDeepest = this.current === this.#min || (this.#depth > 2 && meanMs >= SAME * this.#lastProbeMs);
    this.#lastProbeMs = meanMs;
    if (isKnown || isDeepest) this.#learnUnqueued(meanMs, now);
    else this.#depth++;
  }

  #backOff(): void {
    this.#depth = 0;
    this.#streak = 0;
    this.#set(this.#limit * BACKOFF);
  }

  /** So few calls ran that none can have waited. */
  #isIdle({ peak }: Window): boolean {
    return peak <= this.#probeLimit(1) && peak < this.estimate;
  }

  #learnUnqueued(meanMs: number, now: number): void {
    this.#depth = 0;
    const isNear = Math.abs(meanMs - this.#unqueuedMs) < 0.2 * this.#unqueuedMs;
    this.#unqueuedMs = isNear ? (this.#unqueuedMs + meanMs) / 2 : meanMs;
    this.#learnedAt = now;
    this.#nextProbe = now + this.#probeAfterMs;
    this.#probeAfterMs = Math.min(this.#probeEveryMs, this.#probeAfterMs * 2);
  }

  /** One window at the limit. */
  #follow(meanMs: number, now: number): void {
    const ratio = meanMs / this.#unqueuedMs;
    const isClear = ratio <= 1 + TOLERANCE;
    const doublings = isClear ? Math.max(0, this.#streak - PATIENCE) : 0;
    const growth = Math.min(1, GROWTH * 2 ** doublings) * this.#limit;
    const gradient = isClear ? 1 : Math.max(STEEPEST, (1 + TOLERANCE) / ratio);
    this.#set(this.#limit * gradient + Math.max(growth, isClear ? LEAST_GROWTH : 0));
    if (ratio > SURE) {
      this.#streak = 0;
      // Full or slower? Asked soon, but not in each window.
      this.#nextProbe = Math.min(this.#nextProbe, Math.max(now, this.#learnedAt + FIRST_PROBE_AFTER_MS));
    } else this.#streak = Math.max(0, this.#streak + (isClear ? 1 : -1));
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.#max, Math.max(this.#min, limit));
  }

  #probeLimit(depth: number): number {
    return Math.max(this.#min, Math.floor(this.#limit * PROBE_SHARE * DEEPER ** (depth - 1)));
  }
}

function newWindow(began: number): Window {
  return { began, samples: 0, sumMs: 0, peak: 0, isPushedBack: false };
}
