import { Breaker } from './breaker.ts';
import { Bulkhead, type Priority } from './bulkhead.ts';
import type { Classify } from './classify.ts';
import { fixedLimit, type ConcurrencyLimit } from './concurrency-limit.ts';
import { DEPENDENCY_DEFAULTS, type BreakerName, type DependencySettings } from './defaults.ts';
import { Policy } from './policy.ts';
import { RetryBudget } from './retry-budget.ts';
import { Retry } from './retry.ts';
import { systemTime, type TimeSource } from './time-source.ts';
import { Timeout } from './timeout.ts';

export interface DependencyOptions {
  /** Settings that differ from the defaults of the name. */
  readonly settings?: Partial<DependencySettings>;
  /** An adaptive limit in place of the fixed one. */
  readonly limit?: ConcurrencyLimit;
  /** Judges what was thrown. Default: the table. */
  readonly classify?: Classify;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** From 0 to 1 (exclusive). Default `Math.random`. */
  readonly random?: () => number;
}

/** What one dependency's calls share, and the policies over it. */
export interface Dependency {
  readonly settings: DependencySettings;
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
  /** Second and third tries since the start. */
  retries(): number;
  /** Calls that someone waits for. Idempotent ones are retried when the settings say so. */
  readonly foreground: Policy;
  /** The same for calls nobody waits for, such as ingest: at most 30 % of the slots. */
  readonly background: Policy;
}

/**
 * One dependency with the defaults of its name: one breaker, one bulkhead, one retry budget.
 * @throws RangeError when a setting is out of bounds.
 */
export function createDependency(name: BreakerName, options: DependencyOptions = {}): Dependency {
  const { time = systemTime, random = Math.random } = options;
  const settings: DependencySettings = { ...DEPENDENCY_DEFAULTS[name], ...options.settings };
  const { timeoutMs, queue, maxWaitMs, extraAttempts } = settings;
  const judged = options.classify === undefined ? {} : { classify: options.classify };
  const limit = options.limit ?? fixedLimit(settings.limit);
  const breaker = new Breaker({ ...settings.breaker, name, isDisabled: !settings.isEnabled, time, random });
  const bulkhead = new Bulkhead({ name, limit, queue, maxWaitMs, time });
  const shared = { breaker, bulkhead, timeout: new Timeout({ name, timeoutMs, time }), time, ...judged };
  const budget = new RetryBudget({ time });
  const retrying =
    extraAttempts === 0 ? {} : { retry: new Retry({ extraAttempts, budget, time, random, ...judged }) };
  const policy = (priority: Priority): Policy => new Policy({ ...shared, ...retrying, priority });
  return {
    settings,
    breaker,
    bulkhead,
    retries: () => budget.withdrawn,
    foreground: policy('foreground'),
    background: policy('background'),
  };
}
