import { ShedError } from './errors.ts';
import { requireNumber } from './require-number.ts';

/** Kinds of work, the one that goes on longest first. */
export const CRITICALITIES = ['health', 'cached_read', 'search', 'answer', 'ingest', 'reindex'] as const;

/** How much a piece of work matters under overload. */
export type Criticality = (typeof CRITICALITIES)[number];

/** Signs of overload. Processor use is none: a busy machine that keeps up is no overloaded one. */
export interface Load {
  /** p99 of the delay of the event loop in milliseconds. */
  readonly eventLoopDelayMs: number;
  /** How long the calls that wait for a dependency have waited, or a recent quantile of it, in milliseconds. */
  readonly queueWaitMs: number;
  /** Share of the concurrency limit in use. */
  readonly utilisation: number;
}

/** Up to here work of a criticality is taken on; infinite: always. */
export type ShedThresholds = Readonly<Record<Criticality, Load>>;

/**
 * Rising with the criticality. A fresh process stays far below the lowest; above 500 ms of event-loop delay only
 * health checks, which are cheap and tell a balancer to go elsewhere, are answered.
 */
export const SHED_THRESHOLDS = {
  health: { eventLoopDelayMs: Infinity, queueWaitMs: Infinity, utilisation: Infinity },
  cached_read: { eventLoopDelayMs: 500, queueWaitMs: Infinity, utilisation: Infinity },
  search: { eventLoopDelayMs: 300, queueWaitMs: 1000, utilisation: Infinity },
  answer: { eventLoopDelayMs: 200, queueWaitMs: 750, utilisation: Infinity },
  ingest: { eventLoopDelayMs: 100, queueWaitMs: 250, utilisation: 1 },
  reindex: { eventLoopDelayMs: 50, queueWaitMs: 100, utilisation: 0.8 },
} as const satisfies ShedThresholds;

/** Whether to take work on, and what speaks against it. */
export type ShedDecision =
  | { readonly isAdmitted: true }
  | {
      readonly isAdmitted: false;
      readonly reason: keyof Load;
      readonly value: number;
      readonly limit: number;
    };

const ADMITTED: ShedDecision = { isAdmitted: true };
const SIGNS = ['eventLoopDelayMs', 'queueWaitMs', 'utilisation'] as const satisfies readonly (keyof Load)[];

/**
 * Decides by load alone, without state. Source: Google SRE book, "Handling overload", criticality; AWS Builders'
 * Library, "Using load shedding to avoid overload".
 */
export function decideShedding(
  criticality: Criticality,
  load: Load,
  thresholds: ShedThresholds = SHED_THRESHOLDS,
): ShedDecision {
  const limits = thresholds[criticality];
  for (const reason of SIGNS) {
    if (load[reason] > limits[reason]) {
      return { isAdmitted: false, reason, value: load[reason], limit: limits[reason] };
    }
  }
  return ADMITTED;
}

/** The thresholds as they are. @throws RangeError when one is negative, or lower than that of less critical work. */
function checkShedThresholds(thresholds: ShedThresholds): ShedThresholds {
  for (const sign of SIGNS) {
    let least = 0;
    for (const criticality of CRITICALITIES.toReversed()) {
      const value = thresholds[criticality][sign];
      if (value === Infinity) least = Infinity;
      else least = requireNumber(`${sign} of ${criticality}`, value, { min: least });
    }
  }
  return thresholds;
}

export interface ShedderOptions {
  /** The load now; called for each request, so it must be cheap. */
  readonly load: () => Load;
  /** Default: SHED_THRESHOLDS. */
  readonly thresholds?: ShedThresholds;
  /** What a refused caller is told to wait, in milliseconds. Default 1,000. */
  readonly retryAfterMs?: number;
}

/** Refuses work that the process should not take on now. */
export interface Shedder {
  /** @throws ShedError when work of this criticality is refused. */
  admit(criticality: Criticality): void;
  /** Requests refused since the start, by criticality. */
  rejected(): Readonly<Record<Criticality, number>>;
}

/** A shedder over a reading of the load. @throws RangeError when a number is out of bounds. */
export function createShedder(options: ShedderOptions): Shedder {
  const { load, retryAfterMs = 1000 } = options;
  const thresholds = checkShedThresholds(options.thresholds ?? SHED_THRESHOLDS);
  requireNumber('retryAfterMs', retryAfterMs, { min: 0, max: 3_600_000 });
  const rejected = { health: 0, cached_read: 0, search: 0, answer: 0, ingest: 0, reindex: 0 };
  return {
    admit(criticality) {
      const decision = decideShedding(criticality, load(), thresholds);
      if (decision.isAdmitted) return;
      rejected[criticality]++;
      const { reason, value, limit } = decision;
      const text = `Overloaded: ${reason} is ${value.toFixed(1)}, ${criticality} goes on up to ${limit}`;
      throw new ShedError(text, retryAfterMs);
    },
    rejected: () => ({ ...rejected }),
  };
}
