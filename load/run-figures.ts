import { quantile } from '../bench/quantiles.ts';
import type { Outcome } from './check-answer.ts';

/** One request of a run. */
export interface Sample {
  /** When it was to be sent, in milliseconds since the start of the run. */
  readonly scheduledMs: number;
  /** How much later it was sent: the generator's own fault, part of the latency. */
  readonly lateMs: number;
  /** From the scheduled moment to the end of the response. */
  readonly latencyMs: number;
  readonly outcome: Outcome;
  readonly status: number;
  readonly degraded: readonly string[];
}

/** What a load generator did and saw. */
export interface Run {
  /** Requests that were to be sent. */
  readonly scheduled: number;
  readonly seconds: number;
  /** Those that were sent and ended, by the scheduled moment. */
  readonly samples: readonly Sample[];
}

/** A share of correct answers below this makes a run void (R81). */
const LEAST_CORRECT = 0.999;

/** Whether a run may be reported (R81), and if not, why. */
export type Verdict = { readonly isValid: true } | { readonly isValid: false; readonly reason: string };

/**
 * A run is void when requests were dropped, when one was turned away for who sent it, or when fewer than 99.9 % of
 * the answers are correct. `mayRefuse`: refusals for overload, typed and with `Retry-After`, are no answers; else
 * they are wrong ones.
 */
export function verdictOf(run: Run, { mayRefuse }: { readonly mayRefuse: boolean }): Verdict {
  const unsent = unsentReason(run);
  if (unsent !== null) return { isValid: false, reason: unsent };
  const answers = run.samples.filter(({ outcome }) => !(mayRefuse && outcome === 'refused'));
  const correct = answers.filter(({ outcome }) => outcome === 'correct').length;
  if (correct === 0) return { isValid: false, reason: 'no answer was correct' };
  if (correct >= LEAST_CORRECT * answers.length) return { isValid: true };
  const others = Object.entries(countsOf(run)).map(([name, count]) => `${count} ${name}`);
  return {
    isValid: false,
    reason: `${correct} of ${answers.length} answers were correct (${others.join(', ')})`,
  };
}

function unsentReason({ scheduled, samples }: Run): string | null {
  const dropped = scheduled - samples.length;
  if (dropped > 0) return `${dropped} of ${scheduled} requests were not sent`;
  const turnedAway = samples.filter(({ status }) => status === 401 || status === 403 || status === 429);
  if (turnedAway.length === 0) return null;
  return `${turnedAway.length} requests got status ${turnedAway[0]?.status}`;
}

/** For a run whose share of correct answers is what is measured. @throws when not all of it was asked for real. */
export function requireSent(name: string, run: Run): Run {
  const reason = unsentReason(run);
  if (reason !== null) throw new Error(`INVALID RUN "${name}": ${reason}`);
  return run;
}

/** @throws when the run is void: nothing of it may be reported. */
export function requireValid(name: string, run: Run, rules: { readonly mayRefuse: boolean }): Run {
  const verdict = verdictOf(run, rules);
  if (!verdict.isValid) throw new Error(`INVALID RUN "${name}": ${verdict.reason}`);
  return run;
}

export function countsOf({ samples }: Pick<Run, 'samples'>): Readonly<Partial<Record<Outcome, number>>> {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of samples) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Milliseconds of the correct answers. */
export function latencies(samples: readonly Sample[]): readonly number[] {
  return samples.filter(({ outcome }) => outcome === 'correct').map(({ latencyMs }) => latencyMs);
}

/** p99 of the correct answers in milliseconds. */
export function p99Of(samples: readonly Sample[]): number {
  return quantile(latencies(samples), 0.99);
}

/** Correct answers a second. */
export function goodputOf({ samples, seconds }: Run): number {
  return latencies(samples).length / seconds;
}
