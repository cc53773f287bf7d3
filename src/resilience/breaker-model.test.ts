import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, randomItem, seededRandom } from '../../test/random.ts';
import { BreakerModel } from '../../test/simulation/breaker-model.ts';
import { shrink } from '../../test/simulation/shrink.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import type { BreakerSettings } from './breaker-options.ts';
import type { BreakerMode, BreakerStateName } from './breaker-state.ts';
import { Breaker, type BreakerCall } from './breaker.ts';
import type { Outcome } from './classify.ts';
import { BreakerOpenError } from './errors.ts';

const SEQUENCES = 100_000;
const SEED = 20_261_122;

/** Small numbers, so that short sequences reach everything. */
const SETTINGS = {
  bucketMs: 1000,
  buckets: 3,
  minCalls: 4,
  failureRatio: 0.5,
  slowMs: 400,
  slowRatio: 0.8,
  consecutiveFailures: 3,
  consecutiveSlow: 3,
  openMs: 1000,
  maxOpenMs: 4000,
  probes: 3,
  goodProbes: 2,
  probeTimeoutMs: 1500,
} as const satisfies BreakerSettings;

const LEGAL: ReadonlySet<string> = new Set([
  'closed>open',
  'open>half_open',
  'half_open>open',
  'half_open>closed',
  'closed>forced_open',
  'open>forced_open',
  'half_open>forced_open',
  'closed>closed',
  'open>closed',
  'forced_open>closed',
]);

/** `pick` names a running call, the same share of them whatever else was dropped from the sequence. */
type Step =
  | { readonly do: 'begin' }
  | { readonly do: 'end'; readonly pick: number; readonly outcome: Outcome }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'force'; readonly mode: BreakerMode };

function randomSteps(random: () => number): readonly Step[] {
  const badness = random();
  const hurry = random();
  return Array.from({ length: 4 + randomInteger(random, 45) }, () => randomStep(random, badness, hurry));
}

function randomStep(random: () => number, badness: number, hurry: number): Step {
  const kind = random();
  if (kind < 0.42) return { do: 'begin' };
  if (kind < 0.84) {
    const said = random() < 0.1 ? randomItem(random, ['ignored', 'pushback'] as const) : null;
    return { do: 'end', pick: random(), outcome: said ?? (random() < badness ? 'failure' : 'success') };
  }
  if (kind < 0.98)
    return {
      do: 'wait',
      ms: randomItem(random, [1, 100, 400, 1000, 1500, 4000]) * (random() < hurry ? 0.5 : 1),
    };
  return { do: 'force', mode: randomItem(random, ['auto', 'auto', 'forced_open', 'closed'] as const) };
}

interface Running {
  readonly call: BreakerCall;
  readonly number: number;
  /** Transitions that had been seen when it began. */
  readonly begun: number;
}

/** What a sequence is run with. */
interface Trial {
  readonly seed: number;
  /** Of the breaker; the model has the right ones. */
  readonly settings: BreakerSettings;
  /** Collects the transitions. */
  readonly seen?: Set<string>;
}

/** Runs both side by side. What differs or is illegal, or null. */
function problemOf(steps: readonly Step[], { seed, settings, seen }: Trial): string | null {
  const time = new SimulatedTime();
  const breaker = new Breaker({ ...settings, name: 'model', time, random: seededRandom(seed) });
  const model = new BreakerModel(SETTINGS, seededRandom(seed));
  const transitions: string[] = [];
  breaker.onTransition(({ from, to }) => transitions.push(`${from}>${to}`));
  const running: Running[] = [];
  for (const step of steps) {
    const before: BreakerStateName = breaker.state;
    const late = run(step, { breaker, model, time, running, transitions });
    if (late !== null && late && breaker.state !== before)
      return `a late result changed ${before} to ${breaker.state}`;
    if (breaker.state !== model.state) return `${JSON.stringify(step)}: ${breaker.state}, not ${model.state}`;
    if (breaker.snapshot().mode !== model.mode) return `mode ${breaker.snapshot().mode}, not ${model.mode}`;
  }
  for (const transition of transitions) seen?.add(transition);
  return transitions.find((transition) => !LEGAL.has(transition)) ?? null;
}

interface Pair {
  readonly breaker: Breaker;
  readonly model: BreakerModel;
  readonly time: SimulatedTime;
  readonly running: Running[];
  readonly transitions: readonly string[];
}

/** True when the step was the result of a call that began before the last transition. */
function run(step: Step, pair: Pair): boolean | null {
  const { breaker, model, time, running } = pair;
  if (step.do === 'wait') time.jump(step.ms);
  else if (step.do === 'begin') beginBoth(pair);
  else if (step.do === 'force') {
    breaker.force(step.mode);
    model.force(step.mode, time.monotonic());
  } else {
    const [ended] = running.splice(Math.floor(step.pick * running.length), 1);
    if (ended === undefined) return null;
    const isLate = ended.begun < pair.transitions.length;
    ended.call.end(step.outcome);
    model.end(ended.number, step.outcome, time.monotonic());
    return isLate;
  }
  return null;
}

function beginBoth({ breaker, model, time, running, transitions }: Pair): void {
  const wouldRefuse = breaker.check() !== null;
  const call = begin(breaker);
  const number = model.begin(time.monotonic());
  if ((call === null) !== (number === null)) {
    throw new Error(`a call was ${call === null ? 'refused' : 'let through'}, against the model`);
  }
  if (wouldRefuse && call !== null) throw new Error('check refused what begin let through');
  if (call !== null && number !== null) running.push({ call, number, begun: transitions.length });
}

function begin(breaker: Breaker): BreakerCall | null {
  try {
    return breaker.begin();
  } catch (error) {
    if (error instanceof BreakerOpenError) return null;
    throw error;
  }
}

function failureOf(steps: readonly Step[], trial: Trial): string | null {
  try {
    return problemOf(steps, trial);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Counterexample {
  readonly seed: number;
  readonly problem: string;
  readonly steps: readonly Step[];
}

/** The first sequence that fails, shrunk; null when all pass. */
function search(sequences: number, settings: BreakerSettings, seen: Set<string>): Counterexample | null {
  for (let seed = SEED; seed < SEED + sequences; seed++) {
    const steps = randomSteps(seededRandom(seed));
    if (failureOf(steps, { seed, settings, seen }) === null) continue;
    const shrunk = shrink(steps, (fewer) => failureOf(fewer, { seed, settings }) !== null);
    return { seed, steps: shrunk, problem: failureOf(shrunk, { seed, settings }) ?? '' };
  }
  return null;
}

test(`does what its model does in ${SEQUENCES} random sequences (R6, seeds from ${SEED})`, () => {
  const seen = new Set<string>();
  const found = search(SEQUENCES, SETTINGS, seen);
  assert.equal(found, null, JSON.stringify(found));
  assert.deepEqual([...seen].toSorted(), [...LEGAL].toSorted(), 'every legal transition was seen');
});

test('a breaker with a wrong number is found, and the sequence shrunk to what it takes', () => {
  const wrong = { ...SETTINGS, consecutiveFailures: 4, minCalls: 100 };
  const found = search(1000, wrong, new Set());
  assert.ok(found !== null);
  assert.deepEqual(
    found.steps.map((step) => step.do).toSorted(),
    ['begin', 'begin', 'begin', 'end', 'end', 'end'],
    JSON.stringify(found),
  );
});
