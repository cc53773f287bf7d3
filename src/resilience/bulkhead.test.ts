import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { Bulkhead, type BulkheadOptions, type Priority } from './bulkhead.ts';
import { fixedLimit, type ConcurrencyLimit, type LimitSample } from './concurrency-limit.ts';
import { Deadline } from './deadline.ts';

const NEVER = new AbortController().signal;

interface Rig {
  readonly time: SimulatedTime;
  readonly bulkhead: Bulkhead;
  /** What happened, in order. */
  readonly events: string[];
  /** A call of `ms`; its start and failure are events. */
  call(name: string, options?: { ms?: number; priority?: Priority; signal?: AbortSignal }): void;
}

function rigOf(limit: number, options: Partial<BulkheadOptions> = {}): Rig {
  const time = new SimulatedTime();
  const bulkhead = new Bulkhead({
    name: 'model',
    limit: fixedLimit(limit),
    queue: limit,
    maxWaitMs: 1000,
    time,
    ...options,
  });
  const events: string[] = [];
  return {
    time,
    bulkhead,
    events,
    call(name, { ms = 100, priority = 'foreground', signal = NEVER } = {}) {
      const work = async (): Promise<void> => {
        events.push(`${name} ${time.monotonic()}`);
        await time.sleep(ms);
      };
      bulkhead.execute(work, signal, priority).catch((error: unknown) => {
        const reason = error instanceof Error && 'reason' in error ? error.reason : error;
        events.push(`${name} ${reason} ${time.monotonic()}`);
      });
    },
  };
}

test('runs as many calls as the limit, and the others in order', async () => {
  const rig = rigOf(2, { queue: 2 });
  for (const name of ['a', 'b', 'c']) rig.call(name);
  assert.equal(rig.bulkhead.utilisation, 1);
  await rig.time.advance(1000);
  assert.deepEqual(rig.events, ['a 0', 'b 0', 'c 100']);
  assert.equal(rig.bulkhead.active, 0);
  assert.equal(rig.time.pendingTimers, 0);
});

test('a full line drops its oldest, and the newest goes first while it is more than half full', async () => {
  const rig = rigOf(4);
  for (const name of ['r1', 'r2', 'r3', 'r4', 'w1', 'w2', 'w3', 'w4', 'w5']) rig.call(name);
  await rig.time.advance(1000);
  assert.equal(
    rig.events.join(', '),
    'r1 0, r2 0, r3 0, r4 0, w1 queue_full 0, w5 100, w4 100, w2 100, w3 100',
  );
  assert.equal(rig.bulkhead.snapshot().rejected, 1);
});

test('nobody waits longer than the longest wait, nor than a quarter of the deadline (R13)', async () => {
  const rig = rigOf(4);
  using deadline = new Deadline({ afterMs: 800, time: rig.time });
  for (const name of ['a', 'b', 'c', 'd']) rig.call(name, { ms: 5000 });
  rig.call('waits');
  rig.call('has a deadline', { signal: deadline.signal });
  await rig.time.advance(150);
  assert.equal(rig.bulkhead.queueWaitMs, 150);
  await rig.time.advance(3000);
  assert.equal(rig.bulkhead.queueWaitMs, 0);
  assert.deepEqual(rig.events.slice(4), ['has a deadline waited 200', 'waits waited 1000']);
});

test('the errors say what to do', async () => {
  const { bulkhead } = rigOf(1, { queue: 0, maxWaitMs: 100 });
  assert.equal(bulkhead.tryEnter('foreground'), true);
  await assert.rejects(bulkhead.enter(NEVER, 'foreground'), {
    name: 'BulkheadFullError',
    kind: 'bulkhead_full',
    reason: 'queue_full',
    retryAfterMs: 100,
    message: 'model is at its limit of concurrent calls (queue full)',
  });
});

test('one that gives up leaves the line, its timer and its listener', async () => {
  const rig = rigOf(1);
  const caller = new AbortController();
  rig.call('runs', { ms: 500 });
  rig.call('gives up', { signal: caller.signal });
  assert.equal(rig.bulkhead.snapshot().waiting, 1);
  caller.abort('gone');
  await rig.time.advance(0);
  assert.equal(rig.bulkhead.snapshot().waiting, 0);
  assert.equal(getEventListeners(caller.signal, 'abort').length, 0);
  rig.call('too late', { signal: caller.signal });
  await rig.time.advance(1000);
  assert.deepEqual(rig.events, ['runs 0', 'gives up gone 0', 'too late gone 0']);
  assert.equal(rig.time.pendingTimers, 0);
});

test('work that fails gives its slot back', async () => {
  const { bulkhead } = rigOf(1);
  await assert.rejects(
    bulkhead.execute(() => Promise.reject(new Error('x')), NEVER),
    /x/,
  );
  assert.equal(bulkhead.active, 0);
});

test('background calls never hold more than 30 % of the slots, and get them while nobody waits (R13)', async () => {
  const rig = rigOf(10);
  for (let call = 0; call < 13; call++) rig.call('ingest', { priority: 'background' });
  assert.deepEqual(rig.bulkhead.snapshot(), {
    name: 'model',
    limit: 10,
    active: 3,
    activeBackground: 3,
    waiting: 0,
    waitingBackground: 10,
    rejected: 0,
  });
  await rig.time.advance(100);
  assert.equal(rig.bulkhead.snapshot().activeBackground, 3);
  await rig.time.advance(900);
  assert.equal(rig.events.length, 13);
});

for (const limit of [1, 2, 4, 8, 20]) {
  test(`of ${limit} slots queries that keep waiting leave at most 30 % of the turns to ingest, and at least 20 % (R13)`, async () => {
    const rig = rigOf(limit, { maxWaitMs: 100_000 });
    const turns = { foreground: 0, background: 0 };
    const keep = async (priority: Priority): Promise<void> => {
      while (rig.time.monotonic() < 60_000) {
        const work = async (): Promise<void> => {
          turns[priority]++;
          const { activeBackground } = rig.bulkhead.snapshot();
          assert.ok(activeBackground <= Math.max(1, Math.floor(0.3 * limit)));
          await rig.time.sleep(50);
        };
        await rig.bulkhead.execute(work, NEVER, priority).catch(() => rig.time.sleep(1));
      }
    };
    const callers = Array.from({ length: Math.ceil(limit * 1.5) }, () => keep('foreground'));
    for (let caller = 0; caller < limit; caller++) callers.push(keep('background'));
    await rig.time.until(Promise.all(callers));
    const share = turns.background / (turns.background + turns.foreground);
    assert.ok(share <= 0.305 && share >= 0.2, `${share}`);
  });
}

test('a foreground call does not wait behind background ones', async () => {
  const rig = rigOf(4);
  for (let call = 0; call < 5; call++) rig.call('ingest', { priority: 'background' });
  rig.call('query');
  await rig.time.advance(0);
  assert.deepEqual(rig.events, ['ingest 0', 'query 0']);
});

test('follows a limit that changes, and tells it about each call', async () => {
  const samples: LimitSample[] = [];
  const limit = { current: 1, isAdaptive: true, record: (sample: LimitSample) => samples.push(sample) };
  const rig = rigOf(1, { limit: limit satisfies ConcurrencyLimit, queue: 10 });
  rig.call('a');
  rig.call('b');
  limit.current = 3;
  rig.call('c');
  rig.call('d');
  await rig.time.advance(150);
  assert.deepEqual(rig.events, ['a 0', 'd 100', 'c 100', 'b 100']);
  assert.deepEqual(samples, [{ outcome: 'success', durationMs: 100, inFlight: 1, now: 100 }]);
});

test('refuses a queue longer than the limit, and numbers out of bounds', () => {
  assert.throws(() => rigOf(4, { queue: 5 }), /queue must be a number from 0 to 4, got 5/);
  assert.throws(() => rigOf(4, { backgroundShare: 0 }), /backgroundShare .* got 0/);
  assert.throws(() => fixedLimit(0), /limit must be an integer from 1 to 100000, got 0/);
});
