import type { DependencyHealth } from '../core/health.ts';

/** What is known of a model. Times are monotonic milliseconds. */
export type ModelState =
  | { readonly name: 'unknown' }
  | { readonly name: 'up' }
  /** It is being loaded; `loaded` never rejects. */
  | { readonly name: 'warming'; readonly since: number; readonly loaded: Promise<void> }
  /** It asked to be left alone. */
  | { readonly name: 'resting'; readonly until: number; readonly reason: string }
  /** Key, name or address are wrong: nothing that passes by itself. */
  | { readonly name: 'misconfigured'; readonly reason: string }
  | { readonly name: 'down'; readonly reason: string };

type Shown = Pick<DependencyHealth, 'state' | 'detail'>;

/** A state as `/health` shows it. */
export function shownState(model: string, state: ModelState, now: number): Shown {
  switch (state.name) {
    case 'up':
      return { state: 'up', detail: model };
    case 'unknown':
      return { state: 'warming', detail: `${model} is asked for the first time` };
    case 'warming':
      return { state: 'warming', detail: `${model} is being loaded` };
    case 'misconfigured':
      return { state: 'misconfigured', detail: state.reason };
    case 'down':
      return { state: 'down', detail: state.reason };
    case 'resting':
      return { state: 'degraded', detail: restingText(state, now) };
  }
}

/** Why a model is not called, and for how much longer. */
export function restingText(
  { until, reason }: { readonly until: number; readonly reason: string },
  now: number,
): string {
  const seconds = Math.ceil((until - now) / 1000);
  return seconds > 0 ? `${reason}; it is left alone for another ${seconds} s` : reason;
}
