import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_REQUEST, SAMPLE_RESPONSE } from '../../bench/sample-question.ts';
import type { AnswerEvent } from '../core/answer/answer.ts';
import type { Asking } from '../core/answer/create-ask.ts';
import { HoldfastError } from '../core/errors.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { createAdmission } from './admission.ts';

const NEVER = new AbortController().signal;

const ASKING: Asking = {
  ask: async () => SAMPLE_RESPONSE,
  search: async () => SAMPLE_RESPONSE,
  async *askStream() {
    yield { type: 'delta', data: { text: 'At' } };
    yield { type: 'final', data: SAMPLE_RESPONSE };
  },
};

/** The codes that calls were refused with, and how many were not. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(calls)) {
    const name = outcome.status === 'fulfilled' ? 'answered' : codeOf(outcome.reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function codeOf(error: unknown): string {
  return error instanceof HoldfastError ? error.code : String(error);
}

test('answers as many at once as there are slots, and refuses the rest with a code', async () => {
  using admission = createAdmission({ maxWaiting: 4, time: new SimulatedTime() });
  const asking = admission.admitted(ASKING);
  const calls = Array.from({ length: 300 }, async () => asking.ask(SAMPLE_REQUEST, NEVER));
  assert.deepEqual(await outcomes(calls), { answered: 256, overloaded: 44 });
  assert.match(admission.health().detail ?? '', /^0 questions at work, 0 waiting, 44 refused/);
  assert.deepEqual(admission.reading().rejected, { query: 44, search: 0, read: 0, write: 0 });
  assert.deepEqual(
    await outcomes([asking.ask(SAMPLE_REQUEST, NEVER), asking.search(SAMPLE_REQUEST, NEVER)]),
    {
      answered: 2,
    },
  );
});

test('holds the slot of a stream until it ends, or its reader goes', async () => {
  using admission = createAdmission({ maxWaiting: 4, time: new SimulatedTime() });
  const asking = admission.admitted(ASKING);
  const open = async (): Promise<AsyncIterator<AnswerEvent>> => {
    const events = asking.askStream(SAMPLE_REQUEST, NEVER)[Symbol.asyncIterator]();
    await events.next();
    return events;
  };
  const streams = await Promise.all(Array.from({ length: 256 }, open));
  assert.deepEqual(await outcomes([open()]), { overloaded: 1 });
  await streams[0]?.return?.();
  assert.deepEqual(await outcomes([open()]), { answered: 1 });
  assert.deepEqual(await outcomes([open()]), { overloaded: 1 });
  for (const stream of streams.slice(1, 3)) while ((await stream.next()).done !== true);
  assert.deepEqual(await outcomes([open(), open(), open()]), { answered: 2, overloaded: 1 });
});

test('gives the slot of a caller that goes away to the next', async () => {
  using admission = createAdmission({ maxWaiting: 4, time: new SimulatedTime() });
  const asking = admission.admitted(ASKING);
  const client = new AbortController();
  const calls = Array.from({ length: 200 }, async () => asking.ask(SAMPLE_REQUEST, client.signal));
  client.abort(new HoldfastError('shutting_down', 'the client went away'));
  // The first had its turn already.
  assert.deepEqual(await outcomes(calls), { answered: 1, shutting_down: 199 });
  assert.match(admission.health().detail ?? '', /^0 questions at work, 0 waiting, 0 refused/);
});

test('admits everything while nobody waits', () => {
  using admission = createAdmission({ maxWaiting: 4, time: new SimulatedTime() });
  for (const kind of ['query', 'search', 'read', 'write'] as const) admission.admit(kind);
  assert.equal(admission.health().state, 'up');
});
