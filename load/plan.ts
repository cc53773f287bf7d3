import type { LoadQuestion } from './store.ts';

/** What a generator is to send. */
export interface LoadPlan {
  /** Base URL on a loopback address. */
  readonly address: string;
  readonly collection: string;
  readonly questions: readonly LoadQuestion[];
  readonly texts: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** `open`: at moments that do not depend on the answers; `closed`: each connection sends when it has its answer. */
  readonly model:
    | { readonly kind: 'open'; readonly perSecond: number; readonly seed: number }
    | { readonly kind: 'closed'; readonly connections: number };
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_SECONDS = 120;
const MAX_PER_SECOND = 5000;
const MAX_CONNECTIONS = 64;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The plan as it is. @throws RangeError when it leads to another machine, or is longer or faster than is allowed. */
export function checkPlan(plan: LoadPlan): LoadPlan {
  const { hostname } = new URL(plan.address);
  if (!LOOPBACK.has(hostname)) throw new RangeError(`load goes to this machine only, not to ${hostname}`);
  within('seconds', plan.seconds, MAX_SECONDS);
  if (plan.model.kind === 'open') within('perSecond', plan.model.perSecond, MAX_PER_SECOND);
  else within('connections', plan.model.connections, MAX_CONNECTIONS);
  if (plan.questions.length === 0) throw new RangeError('there are no questions');
  return plan;
}

function within(name: string, value: number, max: number): void {
  if (!(value > 0 && value <= max)) throw new RangeError(`${name} must be above 0 to ${max}, got ${value}`);
}

/** Moments of a Poisson process in milliseconds: what many independent clients look like. */
export function arrivals(perSecond: number, seconds: number, random: () => number): readonly number[] {
  const moments: number[] = [];
  for (let at = 0; ;) {
    at += (-Math.log(1 - random()) * 1000) / perSecond;
    if (at >= seconds * 1000) return moments;
    moments.push(at);
  }
}
