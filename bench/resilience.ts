import { createRequire } from 'node:module';
import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { table } from '../eval/report.ts';
import { Deadline } from '../src/resilience/deadline.ts';
import { createDependency } from '../src/resilience/dependency.ts';
import { quantile } from './quantiles.ts';

const ROUNDS = 10;
const CALLS_PER_ROUND = 20_000;
const REFUSALS_PER_ROUND = 2000;
const LIMIT = 64;
const TIMEOUT_MS = 2000;

/** What is used of opossum, which ships no types. */
interface Opossum {
  fire(signal: AbortSignal): Promise<number>;
  open(): void;
  shutdown(): void;
}

type OpossumConstructor = new (
  work: (signal: AbortSignal) => Promise<number>,
  options: Readonly<Record<string, number>>,
) => Opossum;

const require = createRequire(import.meta.url);
const OpossumBreaker = require('opossum') as OpossumConstructor;

/** One way to guard a call. */
interface Stack {
  readonly name: string;
  /** Runs work that succeeds at once. */
  readonly call: (signal: AbortSignal) => Promise<unknown>;
  /** Is refused by an open breaker; null: it has none. */
  readonly refused: ((signal: AbortSignal) => Promise<unknown>) | null;
  /** Stops timers of its own. */
  readonly close?: () => void;
}

interface Sample {
  readonly calls: number[];
  readonly refusals: number[];
}

async function answer(): Promise<number> {
  return 1;
}

function holdfast(): Stack {
  const settings = { limit: LIMIT, queue: LIMIT, timeoutMs: TIMEOUT_MS };
  const [closed, open] = [1, 2].map(() => createDependency('ollama_embedding', { settings }));
  if (closed === undefined || open === undefined) throw new Error('no dependency');
  open.breaker.force('forced_open');
  return {
    name: 'Holdfast: deadline, retry, bulkhead, breaker, timeout',
    call: (signal) => closed.foreground.execute(answer, signal),
    refused: (signal) => open.foreground.execute(answer, signal),
  };
}

function cockatiel(): Stack {
  const stack = () => {
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: 60_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 0 }),
    });
    const policy = wrap(
      retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
      bulkhead(LIMIT, LIMIT),
      breaker,
      timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive),
    );
    return { breaker, policy };
  };
  const [closed, open] = [stack(), stack()];
  open.breaker.isolate();
  const isolated = wrap(bulkhead(LIMIT, LIMIT), open.breaker);
  return {
    name: 'cockatiel 4.0.0: retry, bulkhead, breaker, timeout',
    call: (signal) => closed.policy.execute(answer, signal),
    refused: (signal) => isolated.execute(answer, signal),
  };
}

function opossum(): Stack {
  const options = { timeout: TIMEOUT_MS, capacity: LIMIT, rollingCountTimeout: 30_000, volumeThreshold: 10 };
  const [closed, open] = [new OpossumBreaker(answer, options), new OpossumBreaker(answer, options)];
  open.open();
  return {
    name: 'opossum 10.0.0: capacity, breaker, timeout; no retry, no abort',
    call: (signal) => closed.fire(signal),
    refused: (signal) => open.fire(signal),
    close: () => {
      closed.shutdown();
      open.shutdown();
    },
  };
}

const BARE: Stack = { name: 'the bare call', call: answer, refused: null };

/** Microseconds of each call. */
async function timed(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const microseconds: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    await call();
    microseconds.push((performance.now() - began) * 1000);
  }
  return microseconds;
}

/** Resolves when the call is refused. @throws when it is not, for then something else was measured. */
async function refusalOf(call: Promise<unknown>): Promise<void> {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === 'fulfilled') throw new Error('an open breaker let a call through');
}

async function measure(stacks: readonly Stack[], signal: AbortSignal): Promise<Map<Stack, Sample>> {
  const samples = new Map(stacks.map((stack) => [stack, { calls: [], refusals: [] } as Sample]));
  // Rounds alternate, so that what the machine does besides hits all alike; the first warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [{ call, refused }, { calls, refusals }] of samples) {
      const called = await timed(CALLS_PER_ROUND, () => call(signal));
      const turned =
        refused === null ? [] : await timed(REFUSALS_PER_ROUND, () => refusalOf(refused(signal)));
      if (round === 0) continue;
      for (const time of called) calls.push(time);
      for (const time of turned) refusals.push(time);
    }
  }
  return samples;
}

/**
 * A Markdown table of what guarding a call costs: microseconds added to a call that succeeds at once, and of a
 * refusal by an open breaker, beside two libraries in the same run. Takes about ten seconds.
 */
export async function resilienceTable(): Promise<string> {
  const ours = holdfast();
  const stacks = [BARE, ours, cockatiel(), opossum()];
  using deadline = new Deadline({ afterMs: 600_000 });
  const samples = await measure(stacks, deadline.signal);
  for (const { close } of stacks) close?.();
  const at = (stack: Stack, share: number): number => quantile(samples.get(stack)?.calls ?? [], share);
  const added = (stack: Stack): number => at(stack, 0.5) - at(BARE, 0.5);
  const refusal = (stack: Stack, share: number): string =>
    stack.refused === null ? '' : quantile(samples.get(stack)?.refusals ?? [], share).toFixed(1);
  const rows = stacks.map((stack) => [
    stack.name,
    at(stack, 0.5).toFixed(2),
    at(stack, 0.99).toFixed(1),
    stack === BARE ? '' : added(stack).toFixed(2),
    stack === BARE ? '' : `${(added(stack) / added(ours)).toFixed(1)}x`,
    refusal(stack, 0.5),
    refusal(stack, 0.99),
  ]);
  return table(
    ['microseconds', 'call p50', 'call p99', 'added p50', 'of ours', 'refusal p50', 'refusal p99'],
    rows,
  );
}
