import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AskResponse } from '../../../src/core/answer/answer.ts';
import { Coverage } from './coverage.ts';
import { broken, INVARIANTS, type Known } from './invariants.ts';
import { openSimulatedLibrary, type SimulatedLibrary } from './library.ts';
import { MUTATIONS } from './mutations.ts';
import { runSchedule, type Asked, type Run } from './run.ts';
import { scheduleOf, type Schedule } from './schedule.ts';

const SCHEDULES = 10_000;
const MIRRORED = 100;
/** More broken schedules than these say nothing new. */
const MOST_REPORTED = 5;
/** Replays one schedule and tells all that happened in it. */
const { HOLDFAST_SIM_SEED } = process.env;

/** Schedules that found something, and what. */
const FOUND: Readonly<Record<number, string>> = {
  9: 'the index could not tell how far the encoder is, and the static vectors served without a word',
  3261: 'an asker with 10 s got the hurried answer that another had asked for with 0.5 s',
  25: 'both dense searches failed, and the answer said the same thing twice',
};

/** All that a run did, without what differs from process to process. */
function traceOf({ asked, last, transitions }: Run): string {
  const told = [...asked, last].map(({ outcome, calls, startedAt, endedAt, events }) => [
    startedAt,
    endedAt,
    outcome.kind === 'refused' ? String(outcome.error) : outcome,
    calls.map(({ part, end, fault }) => [part, end, fault]),
    events,
  ]);
  return JSON.stringify([told, transitions], (key, value: unknown) => (key === 'sequence' ? 0 : value));
}

function responses({ asked }: Run): (AskResponse | string)[] {
  return asked.map(({ outcome }) =>
    outcome.kind === 'answered' ? outcome.response : JSON.stringify(outcome),
  );
}

function tell({ planned, outcome, calls, startedAt, endedAt }: Asked): string {
  const made = calls.map(({ part, end, fault }) => `${part} ${end}${fault === null ? '' : ` (${fault})`}`);
  const end =
    outcome.kind === 'answered'
      ? JSON.stringify([outcome.response.answer, outcome.response.degraded])
      : outcome.kind === 'refused'
        ? String(outcome.error)
        : 'pending';
  return `${startedAt} to ${endedAt} ms: ${JSON.stringify(planned)}\n  ${made.join(', ')}\n  ${end}`;
}

describe('the whole way of a question, simulated', () => {
  let base: SimulatedLibrary;
  let known: Known;
  before(async () => {
    base = await openSimulatedLibrary();
    known = { texts: base.texts, staticModel: base.library.embedder.profile.model };
  });
  after(async () => base[Symbol.asyncDispose]());

  async function run(schedule: Schedule, coverage = new Coverage()): Promise<Run> {
    const done = await runSchedule(schedule, base, coverage.met);
    coverage.add(done);
    return done;
  }

  async function requireWhole(seed: number, coverage?: Coverage): Promise<string[]> {
    return broken(await run(scheduleOf(seed), coverage), known).map(
      (problem) => `HOLDFAST_SIM_SEED=${seed}: ${problem}`,
    );
  }

  test(
    'one schedule is replayed',
    { skip: HOLDFAST_SIM_SEED === undefined ? 'set HOLDFAST_SIM_SEED to replay one' : false },
    async (t) => {
      const done = await run(scheduleOf(Number(HOLDFAST_SIM_SEED)));
      t.diagnostic(JSON.stringify(done.schedule.faults));
      for (const asked of [...done.asked, done.last]) t.diagnostic(tell(asked));
      assert.deepEqual(broken(done, known), []);
    },
  );

  test(`keeps its promises under ${SCHEDULES} schedules of faults, and all faults and rungs are met`, async (t) => {
    const coverage = new Coverage();
    const problems: string[] = [];
    for (let seed = 1; seed <= SCHEDULES && problems.length < MOST_REPORTED; seed++)
      problems.push(...(await requireWhole(seed, coverage)));
    assert.deepEqual(problems, []);
    t.diagnostic(`seeds 1 to ${SCHEDULES}; one alone: HOLDFAST_SIM_SEED=n`);
    for (const [name, count] of coverage.counts()) t.diagnostic(`${String(count).padStart(6)} ${name}`);
    assert.deepEqual(coverage.missing(), [], 'never met');
  });

  for (const [seed, found] of Object.entries(FOUND)) {
    test(`schedule ${seed}: ${found}`, async () => {
      assert.deepEqual(await requireWhole(Number(seed)), []);
    });
  }

  test('the same seed gives the same run, to the last call', async () => {
    for (const seed of [1, 2, 3, 77, 4242]) {
      const [first, second] = [await run(scheduleOf(seed)), await run(scheduleOf(seed))];
      assert.equal(traceOf(first), traceOf(second), `seed ${seed}`);
    }
  });

  test('a streamed answer ends as the same answer that is not streamed', async () => {
    let compared = 0;
    for (let seed = 1; seed <= MIRRORED; seed++) {
      const schedule = scheduleOf(seed);
      // Without the memory no asker gets another's answer.
      const has = { ...schedule.has, cache: false };
      const as = async (isStreamed: boolean): Promise<Run> => {
        const questions = schedule.questions.map((one) => Object.assign({}, one, { isStreamed }));
        return run({ ...schedule, has, questions });
      };
      const [streamed, whole] = [await as(true), await as(false)];
      assert.deepEqual(responses(streamed), responses(whole), `seed ${seed}`);
      compared += whole.asked.length;
    }
    assert.ok(compared > MIRRORED);
  });

  test('every lie about a run is noticed by its invariant', async () => {
    const open = new Set(MUTATIONS);
    for (let seed = 1; open.size > 0 && seed <= 500; seed++) {
      const done = await run(scheduleOf(seed));
      for (const mutation of open) {
        const [title, name, lie] = mutation;
        const mutated = lie(done);
        if (mutated === null) continue;
        assert.equal(INVARIANTS[name](done, known), null, `seed ${seed}`);
        assert.notEqual(INVARIANTS[name](mutated, known), null, `${title}, seed ${seed}`);
        open.delete(mutation);
      }
    }
    assert.deepEqual(
      [...open].map(([title]) => title),
      [],
      'no run gave an occasion',
    );
    assert.deepEqual(
      new Set(MUTATIONS.map(([, name]) => name)),
      new Set(Object.keys(INVARIANTS)),
      'every invariant is tried',
    );
  });
});
