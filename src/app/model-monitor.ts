import type { DependencyHealth } from '../core/health.ts';
import { ModelError } from '../core/models/model-error.ts';
import type { Breaker } from '../resilience/breaker.ts';
import { classify, type Outcome } from '../resilience/classify.ts';
import { sleep, systemTime, type TimeSource, type Timer } from '../resilience/time-source.ts';
import { Timeout } from '../resilience/timeout.ts';
import type { Executor } from '../resilience/work.ts';
import { restingText, shownState, type ModelState } from './model-state.ts';

/** A model as its monitor asks it. */
export interface MonitoredModel {
  /** As health names it: `encoder`, `generator`, `reranker`. */
  readonly name: string;
  /** As its server knows it. */
  readonly model: string;
  /** Proves with the least work that it works. @throws ModelError. */
  probe(signal: AbortSignal): Promise<void>;
  /** Loads it, however long that takes. @throws ModelError. */
  preload(signal: AbortSignal): Promise<void>;
  /** Whether it is in the server's memory; left out when that cannot be told. @throws ModelError. */
  readonly isLoaded?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  /** `always`: a probe is cheap; `when_failing`: real calls tell, and a probe only finds out when it works again. */
  readonly isProbed: 'always' | 'when_failing';
}

export interface MonitorOptions {
  readonly model: MonitoredModel;
  /** Breaker, bulkhead and timeout of a probe: its results count, and an open breaker holds it back. */
  readonly guard: Executor;
  readonly breaker: Pick<Breaker, 'snapshot'>;
  /** Time between two probes; 0: none, real calls alone tell. */
  readonly intervalMs: number;
  /** Told of each change; the reason is null when there is none. */
  readonly onChange?: (state: ModelState['name'], reason: string | null) => void;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** R22: a cold model may take so long to load. */
const WARM_UP_MS = 120_000;
/** A load that is over so soon is waited for instead of answering without the model. */
const GRACE_MS = 500;
/** After so long without a success the model may have been unloaded. */
const DOUBT_MS = 15_000;
const LOOK_TIMEOUT_MS = 2000;
/** Between two probes of a half-open breaker, and between two tries of a server that says it is loading. */
const SOON_MS = 500;

/**
 * Knows whether a model works: from real calls, from a probe every few seconds (R21), and from its load at the start
 * (R22). A model that is being loaded, or asked to be left alone, is not called meanwhile; wrong settings are told
 * from outages. While its breaker is open, the probe comes as soon as the breaker lets one through, so that no
 * question has to find out whether the model works again.
 */
export class ModelMonitor implements AsyncDisposable {
  readonly #model: MonitoredModel;
  readonly #options: MonitorOptions;
  readonly #time: TimeSource;
  readonly #loading: Timeout;
  readonly #looking: Timeout;
  readonly #stopping = new AbortController();
  #state: ModelState = { name: 'unknown' };
  #lastSuccess = Number.NEGATIVE_INFINITY;
  /** It may have to be loaded first. */
  #isDoubted = true;
  /** It could not be loaded: not tried again before something has changed. */
  #isUnloadable = false;
  #timer: Timer | null = null;
  #ticking: Promise<void> | null = null;

  constructor(options: MonitorOptions) {
    const { model, time = systemTime } = options;
    this.#model = model;
    this.#options = options;
    this.#time = time;
    this.#loading = new Timeout({ name: `loading "${model.model}"`, timeoutMs: WARM_UP_MS, time });
    this.#looking = new Timeout({ name: `the server of "${model.model}"`, timeoutMs: LOOK_TIMEOUT_MS, time });
  }

  /** Loads the model in the background, unless it is loaded, and begins to watch it. */
  start(): void {
    if (this.#model.isLoaded === undefined) this.#beginWarmUp();
    this.#run(async (signal) => (this.#isLoading ? undefined : this.#probe(signal)));
  }

  /** It is being loaded, or has not answered for the first time yet. */
  get isWarming(): boolean {
    return this.#state.name === 'warming' || this.#state.name === 'unknown';
  }

  get #isLoading(): boolean {
    return this.#state.name === 'warming';
  }

  /**
   * Waits a moment for a load that is nearly over; null: there is nothing to wait for. Rejects with a ModelError
   * `warming` or `overloaded` when the model is not to be called now; nothing was sent.
   */
  admit(signal: AbortSignal): Promise<void> | null {
    const { name } = this.#state;
    return name === 'warming' || name === 'resting' ? this.#admitLater(signal) : null;
  }

  async #admitLater(signal: AbortSignal): Promise<void> {
    await this.#requireWarm(signal);
    if (this.#state.name !== 'resting') return;
    const now = this.#time.monotonic();
    const retryAfterMs = this.#state.until - now;
    if (retryAfterMs > 0) throw new ModelError('overloaded', restingText(this.#state, now), { retryAfterMs });
  }

  /** Resolves when the model is not being loaded; for work that nobody waits for. */
  async loaded(signal: AbortSignal): Promise<void> {
    while (this.#state.name === 'warming') await settledOrAborted(this.#state.loaded, signal);
  }

  /** Whether `requireLoaded` has something to find out. */
  get mayBeUnloaded(): boolean {
    if (this.#model.isLoaded === undefined || this.#isUnloadable) return false;
    return this.#isDoubted || this.#time.monotonic() - this.#lastSuccess >= DOUBT_MS;
  }

  /** Begins to load a model that may not be loaded and is not. @throws ModelError `warming` then. */
  async requireLoaded(signal: AbortSignal): Promise<void> {
    const { isLoaded } = this.#model;
    if (isLoaded === undefined || !this.mayBeUnloaded) return;
    if (await isLoaded(signal)) return;
    this.#beginWarmUp();
    await this.#requireWarm(signal);
  }

  /** A call worked. */
  succeeded(): void {
    this.#lastSuccess = this.#time.monotonic();
    this.#isDoubted = false;
    this.#isUnloadable = false;
    if (this.#state.name === 'up' || this.#isLoading || this.#isResting()) return;
    this.#become({ name: 'up' });
  }

  /** A call failed. What says nothing about the model changes nothing. */
  failed(error: unknown): void {
    const { fault, outcome, retryAfterMs } = classify(error);
    const reason = error instanceof Error ? error.message : String(error);
    if (fault === 'unreachable') this.#isUnloadable = false;
    if (fault === 'unreachable' || fault === 'timeout') this.#isDoubted = true;
    if (fault === 'not_admitted' || this.#isLoading) return;
    if (fault === 'overloaded' && retryAfterMs !== null) this.#rest(retryAfterMs, reason);
    else if (this.#isResting()) return;
    else if (fault === 'warming') this.#beginWarmUp();
    else this.#judge(CONFIGURATION.has(fault) ? 'misconfigured' : outcome, reason);
    if (this.#isResting() || this.#options.breaker.snapshot().state === 'open') this.#schedule();
  }

  /** As `/health` shows it. */
  health(): DependencyHealth {
    const { name, model } = this.#model;
    return { name, ...shownState(model, this.#state, this.#time.monotonic()) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('Holdfast is stopping'));
    this.#timer?.[Symbol.dispose]();
    if (this.#state.name === 'warming') await this.#state.loaded;
    await this.#ticking;
  }

  #become(state: ModelState): void {
    const hasChanged = state.name !== this.#state.name;
    this.#state = state;
    if (hasChanged) this.#options.onChange?.(state.name, 'reason' in state ? state.reason : null);
  }

  #judge(verdict: 'misconfigured' | Outcome, reason: string): void {
    if (verdict === 'misconfigured') this.#become({ name: 'misconfigured', reason });
    else if (verdict === 'failure') this.#become({ name: 'down', reason });
  }

  #isResting(): boolean {
    return this.#state.name === 'resting' && this.#state.until > this.#time.monotonic();
  }

  #rest(retryAfterMs: number, reason: string): void {
    this.#become({ name: 'resting', until: this.#time.monotonic() + retryAfterMs, reason });
  }

  /** @throws ModelError `warming` when it is being loaded and that takes longer than a moment. */
  async #requireWarm(signal: AbortSignal): Promise<void> {
    if (this.#state.name !== 'warming') return;
    const { since, loaded } = this.#state;
    const leftMs = since + GRACE_MS - this.#time.monotonic();
    if (leftMs > 0) {
      const over = Promise.withResolvers<void>();
      using _ = this.#time.after(leftMs, over.resolve);
      await settledOrAborted(Promise.race([loaded, over.promise]), signal);
    }
    if (this.#isLoading)
      throw new ModelError('warming', `warming: the model "${this.#model.model}" is being loaded`);
  }

  /** One load at a time. */
  #beginWarmUp(): void {
    if (this.#isLoading || this.#stopping.signal.aborted) return;
    this.#become({ name: 'warming', since: this.#time.monotonic(), loaded: this.#warmUp() });
  }

  async #warmUp(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await this.#loading.execute(async (inner) => this.#load(inner), signal);
      this.#become({ name: 'up' });
      this.succeeded();
    } catch (error) {
      this.#state = { name: 'unknown' };
      if (signal.aborted) return;
      this.#isUnloadable = classify(error).fault === 'timeout';
      this.failed(error);
    }
  }

  /** Asks again while the server says that it is loading. */
  async #load(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#model.preload(signal);
      } catch (error) {
        if (classify(error).fault !== 'warming') throw error;
        await sleep(this.#time, SOON_MS, signal);
      }
    }
  }

  #schedule(): void {
    if (this.#options.intervalMs === 0 || this.#ticking !== null || this.#stopping.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#time.after(this.#waitMs(), () => this.#run(async (signal) => this.#tick(signal)));
    this.#timer.unref();
  }

  /** Sooner than the interval when the breaker lets a probe through before, or needs another one to decide. */
  #waitMs(): number {
    const { breaker, intervalMs } = this.#options;
    const { state, retryAfterMs } = breaker.snapshot();
    if (this.#state.name === 'resting')
      return Math.min(intervalMs, Math.max(1, this.#state.until - this.#time.monotonic()));
    if (state === 'half_open') return Math.min(intervalMs, SOON_MS);
    return state === 'open' ? Math.min(intervalMs, Math.max(1, retryAfterMs)) : intervalMs;
  }

  /** Runs one look at the model, then waits for the next. */
  #run(look: (signal: AbortSignal) => Promise<void>): void {
    this.#ticking = this.#guarded(look).finally(() => {
      this.#ticking = null;
      this.#schedule();
    });
  }

  async #guarded(look: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await look(signal);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    if (this.#isLoading || this.#isResting()) return;
    const isHealthy = this.#state.name === 'up' && this.#options.breaker.snapshot().state === 'closed';
    if (this.#model.isProbed === 'always' || !isHealthy) await this.#probe(signal);
    else await this.#look(signal);
  }

  async #probe(signal: AbortSignal): Promise<void> {
    this.#isDoubted = true;
    await this.#options.guard.execute(async (inner) => {
      await this.requireLoaded(inner);
      await this.#model.probe(inner);
    }, signal);
    this.succeeded();
  }

  /** Whether the server is there at all. */
  async #look(signal: AbortSignal): Promise<void> {
    const { isLoaded } = this.#model;
    if (isLoaded !== undefined)
      await this.#looking.execute(async (inner) => void (await isLoaded(inner)), signal);
  }
}

const CONFIGURATION: ReadonlySet<string> = new Set(['unauthorized', 'unknown_model', 'wrong_address']);

/** Resolves with the promise. @throws the reason of the signal as soon as that aborts. */
async function settledOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
