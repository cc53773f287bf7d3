import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerEvent, AskRequest, AskResponse } from '../core/answer/answer.ts';
import type { Asking } from '../core/answer/create-ask.ts';
import type { CollectionName, TenantId } from '../core/documents/ids.ts';
import { HoldfastError } from '../core/errors.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { createAdmission } from './admission.ts';

const NEVER = new AbortController().signal;
const REQUEST: AskRequest = {
  tenant: 'default' as TenantId,
  query: 'When do backups run?',
  collections: ['docs' as CollectionName],
  filter: {},
  topK: 10,
  mode: 'hybrid',
  maxAnswerChars: 400,
};
const RESPONSE: AskResponse = {
  id: 'made',
  query: REQUEST.query,
  results: [],
  retrieval: { mode: 'hybrid', generation: 'g', embeddingModel: 'm' },
  degraded: [],
  timingsMs: { total: 1 },
  answer: { text: 'At 02:00 [1].', mode: 'extractive', refused: false, reason: null },
  citations: [],
  cache: 'off',
};

const ASKING: Asking = {
  ask: async () => RESPONSE,
  search: async () => RESPONSE,
  async *askStream() {
    yield { type: 'delta', data: { text: 'At' } };
    yield { type: 'final', data: RESPONSE };
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
  const calls = Array.from({ length: 300 }, async () => asking.ask(REQUEST, NEVER));
  assert.deepEqual(await outcomes(calls), { answered: 256, overloaded: 44 });
  assert.match(admission.health().detail ?? '', /^0 questions at work, 0 waiting, 44 refused/);
  assert.deepEqual(admission.reading().rejected, { query: 44, search: 0, read: 0, write: 0 });
  assert.deepEqual(await outcomes([asking.ask(REQUEST, NEVER), asking.search(REQUEST, NEVER)]), {
    answered: 2,
  });
});

test('holds the slot of a stream until it ends, or its reader goes', async () => {
  using admission = createAdmission({ maxWaiting: 4, time: new SimulatedTime() });
  const asking = admission.admitted(ASKING);
  const open = async (): Promise<AsyncIterator<AnswerEvent>> => {
    const events = asking.askStream(REQUEST, NEVER)[Symbol.asyncIterator]();
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
  const calls = Array.from({ length: 200 }, async () => asking.ask(REQUEST, client.signal));
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
