import type { BreakerHold, Breakers, BreakerStatus } from '../core/breakers.ts';
import { HoldfastError } from '../core/errors.ts';
import { didYouMean } from '../lib/did-you-mean.ts';
import type { Logger } from '../lib/logger.ts';
import type { BreakerSnapshot, Transition } from '../resilience/breaker-state.ts';
import { BreakerDisabledError } from '../resilience/errors.ts';

/** What is needed of a breaker here. */
export interface HeldBreaker {
  readonly name: string;
  snapshot(): BreakerSnapshot;
  force(mode: BreakerHold): void;
  onTransition(listener: (transition: Transition) => void): () => void;
}

/** Breakers for operators; each change of state is one line of the log. */
export function createBreakers(breakers: readonly HeldBreaker[], logger: Logger): Breakers {
  for (const breaker of breakers) breaker.onTransition((transition) => log(transition, logger));
  return {
    list: () => breakers.map((breaker) => statusOf(breaker.snapshot())),
    hold(name, mode) {
      const breaker = breakers.find((one) => one.name === name);
      if (breaker === undefined) throw unknown(name, breakers);
      try {
        breaker.force(mode);
      } catch (error) {
        if (!(error instanceof BreakerDisabledError)) throw error;
        throw new HoldfastError('breaker_disabled', error.message, { cause: error });
      }
      logger.warn('breaker held', { breaker: name, mode });
      return statusOf(breaker.snapshot());
    },
  };
}

function log({ breaker, from, to, reason }: Transition, logger: Logger): void {
  const isWorse = to === 'open' || to === 'forced_open';
  logger[isWorse ? 'warn' : 'info']('breaker changed', { breaker, from, to, reason });
}

function unknown(name: string, breakers: readonly HeldBreaker[]): HoldfastError {
  const names = breakers.map((one) => one.name);
  const near = didYouMean(name, names);
  const guess = near === null ? '' : ` Did you mean ${near}?`;
  return new HoldfastError(
    'breaker_not_found',
    `There is no breaker ${JSON.stringify(name)}; there are ${names.join(', ')}.${guess}`,
  );
}

function statusOf({ since, retryAfterMs, ...rest }: BreakerSnapshot): BreakerStatus {
  const { name, state, mode, reason, window, totals } = rest;
  return {
    name,
    state,
    mode,
    since: new Date(since).toISOString(),
    retryAfterSeconds: Math.ceil(retryAfterMs / 1000),
    reason,
    window,
    totals,
  };
}
