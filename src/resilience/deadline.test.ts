import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { Deadline, deadlineOf } from './deadline.ts';
import { DeadlineError } from './errors.ts';

test('aborts its signal at the absolute moment, with a DeadlineError', async () => {
  const time = new SimulatedTime(1000);
  using deadline = new Deadline({ afterMs: 200, time });
  assert.equal(deadline.at, 1200);
  await time.advance(150);
  assert.equal(deadline.remainingMs, 50);
  assert.equal(deadline.remainingForHopMs, 45);
  assert.equal(deadline.signal.aborted, false);
  await time.advance(50);
  assert.ok(deadline.signal.reason instanceof DeadlineError);
  assert.equal(deadline.remainingMs, 0);
  assert.equal(time.pendingTimers, 0);
});

test('refuses to start a call with less than 20 ms left (R8)', async () => {
  const time = new SimulatedTime();
  using deadline = new Deadline({ afterMs: 100, time });
  await time.advance(80);
  deadline.requireTime();
  await time.advance(1);
  assert.throws(() => deadline.requireTime(), {
    name: 'DeadlineError',
    kind: 'deadline',
    message: /^19 ms left/,
  });
  deadline.requireTime(10);
});

test('is found by its signal', () => {
  using deadline = new Deadline({ afterMs: 100, time: new SimulatedTime() });
  assert.equal(deadlineOf(deadline.signal), deadline);
  assert.equal(deadlineOf(new AbortController().signal), undefined);
});

test('aborts with its parent, with the reason of the parent', async () => {
  const time = new SimulatedTime();
  const parent = new AbortController();
  using deadline = new Deadline({ afterMs: 100, time, parent: parent.signal });
  parent.abort('gone');
  assert.equal(deadline.signal.reason, 'gone');
  using late = new Deadline({ afterMs: 100, time, parent: parent.signal });
  assert.equal(late.signal.reason, 'gone');
  await time.advance(100);
  assert.equal(time.pendingTimers, 0);
});

test('a thousand deadlines leave no listener, and one timer that goes away', async () => {
  const time = new SimulatedTime();
  const { signal } = new AbortController();
  const all = Array.from({ length: 1000 }, () => new Deadline({ afterMs: 100, time, parent: signal }));
  for (const deadline of all) deadline[Symbol.dispose]();
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(time.pendingTimers, 1);
  await time.advance(200);
  assert.equal(time.pendingTimers, 0);
  assert.ok(all.every((deadline) => !deadline.signal.aborted));
});

test('each has its own moment, in whatever order they begin', async () => {
  const time = new SimulatedTime();
  const ended: string[] = [];
  const deadlines = [300, 100, 200, 50, 300].map((afterMs, index) => {
    const deadline = new Deadline({ afterMs, time });
    deadline.signal.addEventListener('abort', () => ended.push(`${index} ${time.monotonic()}`));
    return deadline;
  });
  deadlines[2]?.[Symbol.dispose]();
  assert.equal(time.pendingTimers, 1);
  await time.advance(400);
  assert.deepEqual(ended, ['3 50', '1 100', '0 300', '4 300']);
  assert.equal(time.pendingTimers, 0);
});

test('refuses a time out of bounds', () => {
  assert.throws(() => new Deadline({ afterMs: -1 }), /afterMs must be a number from 0 to 2147483647, got -1/);
});

test('ends calls that can be done without when its reserve begins, and goes on itself', async () => {
  const time = new SimulatedTime();
  using deadline = new Deadline({ afterMs: 1000, reserveMs: 250, time });
  await time.advance(100);
  const early = deadline.beforeReserve();
  assert.equal(deadlineOf(early.signal), early);
  assert.equal(early.at, 750);
  await time.advance(650);
  assert.ok(early.signal.reason instanceof DeadlineError);
  assert.equal(deadline.signal.aborted, false);
  assert.throws(() => deadline.beforeReserve().requireTime(), DeadlineError);
});

test('reaches calls before the reserve when its parent gives up', async () => {
  const time = new SimulatedTime();
  const client = new AbortController();
  using deadline = new Deadline({ afterMs: 1000, reserveMs: 250, parent: client.signal, time });
  const early = deadline.beforeReserve();
  const reason = new Error('the client went away');
  client.abort(reason);
  assert.equal(early.signal.reason, reason);
  await time.advance(1000);
  assert.equal(early.signal.reason, reason);
  assert.equal(time.pendingTimers, 0);
});

test('aborts with what its owner says', async () => {
  const time = new SimulatedTime();
  const reason = new Error('deadline_exceeded');
  using deadline = new Deadline({ afterMs: 10, time, expired: () => reason });
  await time.advance(10);
  assert.equal(deadline.signal.reason, reason);
});

test('refuses a reserve that is longer than itself', () => {
  assert.throws(() => new Deadline({ afterMs: 100, reserveMs: 101 }), { message: /reserveMs.*101/ });
});

test('has one deadline before its reserve, which ends with it', async () => {
  const time = new SimulatedTime();
  const deadline = new Deadline({ afterMs: 1000, reserveMs: 250, time });
  assert.equal(deadline.beforeReserve(), deadline.beforeReserve());
  deadline[Symbol.dispose]();
  await time.advance(1000);
  assert.equal(deadline.beforeReserve().signal.aborted, false);
  assert.equal(time.pendingTimers, 0);
  using whole = new Deadline({ afterMs: 1000, time });
  assert.equal(whole.beforeReserve(), whole);
});
