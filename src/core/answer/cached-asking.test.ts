import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_REQUEST, SAMPLE_RESPONSE } from '../../../bench/sample-question.ts';
import type { CollectionName, TenantId } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import type { AskRequest, AskResponse } from './answer.ts';
import { cachedAsking } from './cached-asking.ts';
import type { Asking } from './create-ask.ts';

const NEVER = new AbortController().signal;

function response(text: string): AskResponse {
  return { ...SAMPLE_RESPONSE, answer: { ...SAMPLE_RESPONSE.answer, text } };
}

/** An asking whose answers are counted, over a catalog whose state the test sets. */
function world(
  options: {
    readonly maxBytes?: number;
    readonly early?: AbortSignal;
    readonly timeLeftMs?: ReadonlyMap<AbortSignal, number>;
  } = {},
) {
  const state = {
    sequence: 1,
    now: 0,
    calls: 0,
    failure: null as Error | null,
    gate: null as Promise<void> | null,
    isUnreadable: false,
    degraded: false,
  };
  const answered = async (): Promise<AskResponse> => {
    const call = ++state.calls;
    if (state.failure !== null) throw state.failure;
    if (state.gate !== null) await state.gate;
    const made = response(`answer ${call}`);
    const entry = { component: 'generator', mode: 'extractive', reason: 'down', since: '' };
    return state.degraded ? { ...made, degraded: [entry] } : made;
  };
  const inner: Asking = {
    ask: answered,
    search: answered,
    async *askStream() {
      yield { type: 'final', data: await answered() };
    },
  };
  const asking = cachedAsking(inner, {
    catalog: {
      lastSequence: async () => {
        if (state.isUnreadable) throw new HoldfastError('storage_failed', 'disk gone');
        return state.sequence;
      },
      listCollections: async () => ({ items: [], nextCursor: null }),
    },
    clock: { now: () => state.now, monotonic: () => state.now },
    newId: () => 'again',
    maxBytes: options.maxBytes ?? 1_000_000,
    maxStaleMs: 60_000,
    sparing: async (signal, work) => work(options.early ?? signal),
    timeLeftMs: (signal) => options.timeLeftMs?.get(signal) ?? Number.POSITIVE_INFINITY,
    fingerprint: 'f',
  });
  return { state, asking };
}

test('answers the same question from memory until a document changes', async () => {
  const { state, asking } = world();
  assert.equal((await asking.ask(SAMPLE_REQUEST, NEVER)).cache, 'miss');
  const hit = await asking.ask({ ...SAMPLE_REQUEST, query: 'When  do backups run?' }, NEVER);
  assert.deepEqual([hit.cache, hit.id, hit.answer.text, state.calls], ['hit', 'again', 'answer 1', 1]);
  state.sequence++;
  assert.equal((await asking.ask(SAMPLE_REQUEST, NEVER)).answer.text, 'answer 2');
});

test('keeps answers of another tenant, filter, mode or length apart', async () => {
  const { state, asking } = world();
  const others: Partial<AskRequest>[] = [
    {},
    { tenant: 'other' as TenantId },
    { filter: { year: { kind: 'equals', value: 2024 } } },
    { mode: 'lexical' },
    { maxAnswerChars: 100 },
    { topK: 3 },
    { collections: ['wiki' as CollectionName] },
  ];
  for (const other of others)
    assert.equal((await asking.ask({ ...SAMPLE_REQUEST, ...other }, NEVER)).cache, 'miss');
  assert.equal(state.calls, others.length);
});

test('never keeps a degraded answer or a conversation', async () => {
  const { state, asking } = world();
  state.degraded = true;
  await asking.ask(SAMPLE_REQUEST, NEVER);
  state.degraded = false;
  assert.equal((await asking.ask(SAMPLE_REQUEST, NEVER)).answer.text, 'answer 2');
  const history = [{ role: 'user', content: 'before' } as const];
  for (let round = 0; round < 2; round++)
    assert.equal((await asking.ask({ ...SAMPLE_REQUEST, history }, NEVER)).cache, 'off');
});

test('answers a question that many ask at once only once', async () => {
  const { state, asking } = world();
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => asking.ask(SAMPLE_REQUEST, NEVER)),
  );
  assert.equal(state.calls, 1);
  assert.equal(new Set(answers.map(({ answer }) => answer.text)).size, 1);
});

test('does not join an asker who has much less time, whose answer is poorer for it', async () => {
  const [hurried, patient, equal] = [500, 10_000, 8000].map(
    (ms) => [new AbortController().signal, ms] as const,
  );
  assert.ok(hurried && patient && equal);
  const { state, asking } = world({ timeLeftMs: new Map([hurried, patient, equal]) });
  const answers = await Promise.all(
    [hurried, patient, equal].map(async ([signal]) => asking.ask(SAMPLE_REQUEST, signal)),
  );
  assert.equal(state.calls, 2);
  assert.deepEqual(
    answers.map(({ answer }) => answer.text),
    ['answer 1', 'answer 2', 'answer 2'],
  );
});

test('answers by itself when the same question of another takes longer than it can wait', async () => {
  const early = new AbortController();
  const { state, asking } = world({ early: early.signal });
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const first = asking.ask(SAMPLE_REQUEST, NEVER);
  const second = asking.ask(SAMPLE_REQUEST, NEVER);
  await new Promise((resolve) => setImmediate(resolve));
  state.gate = null;
  early.abort(new Error('no more time'));
  assert.equal((await second).answer.text, 'answer 2');
  gate.resolve();
  assert.equal((await first).answer.text, 'answer 1');
});

test('stands in with an older answer that says its age while a fresh one cannot be had', async () => {
  const { state, asking } = world();
  await asking.ask(SAMPLE_REQUEST, NEVER);
  state.now = 30_000;
  state.isUnreadable = true;
  state.failure = new HoldfastError('storage_failed', 'disk gone');
  const stale = await asking.ask(SAMPLE_REQUEST, NEVER);
  assert.deepEqual(
    [stale.answer.text, stale.stalenessSeconds, stale.retrieval.mode, stale.degraded[0]?.mode],
    ['answer 1', 30, 'cache', 'stale_cache'],
  );
  state.now = 61_000;
  await assert.rejects(asking.ask(SAMPLE_REQUEST, NEVER), /disk gone/);
});

test('does not hide an error of the request behind an older answer', async () => {
  const { state, asking } = world();
  await asking.ask(SAMPLE_REQUEST, NEVER);
  state.sequence = 0;
  state.failure = new HoldfastError('collection_not_found', 'there is no collection "docs"');
  await assert.rejects(asking.ask(SAMPLE_REQUEST, NEVER), /no collection/);
});

test('streams a remembered answer with the same final event', async () => {
  const { asking } = world();
  const first = await asking.ask(SAMPLE_REQUEST, NEVER);
  const events = [];
  for await (const event of asking.askStream(SAMPLE_REQUEST, NEVER)) events.push(event);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['retrieval', 'delta', 'final'],
  );
  const last = events.at(-1);
  assert.deepEqual(last?.data, { ...first, id: 'again', cache: 'hit' });
});

test('leaves everything as it is with no bytes', async () => {
  const { state, asking } = world({ maxBytes: 0 });
  await asking.ask(SAMPLE_REQUEST, NEVER);
  assert.equal((await asking.ask(SAMPLE_REQUEST, NEVER)).cache, 'off');
  assert.equal(state.calls, 2);
});

test('keeps answers with and without near duplicates apart', async () => {
  const { state, asking } = world();
  await asking.ask(SAMPLE_REQUEST, NEVER);
  await asking.ask({ ...SAMPLE_REQUEST, distinct: true }, NEVER);
  assert.equal(state.calls, 2);
  const same = await asking.ask({ ...SAMPLE_REQUEST, distinct: false }, NEVER);
  assert.equal(same.cache, 'hit');
});
