import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createByteBudget, type ByteBudget } from './byte-budget.ts';

const NEVER = new AbortController().signal;

/** Takes bytes and says when it has them. */
function taking(budget: ByteBudget, bytes: number, signal = NEVER) {
  const state = { has: false };
  const taken = budget.take(bytes, signal).then((room) => {
    state.has = true;
    return room;
  });
  return { state, taken };
}

test('lets in what fits, and the others in their order as there is room', async () => {
  const budget = createByteBudget(100);
  assert.equal(budget.hasRoom(1000), true);
  const first = await budget.take(60, NEVER);
  assert.deepEqual([budget.hasRoom(40), budget.hasRoom(41)], [true, false]);
  const large = taking(budget, 50);
  const small = taking(budget, 10);
  await setImmediate();
  assert.equal(budget.hasRoom(0), false);
  assert.deepEqual([large.state.has, small.state.has], [false, false], 'nobody goes past a larger one');
  first[Symbol.dispose]();
  const [room] = await Promise.all([large.taken, small.taken]);
  const last = taking(budget, 41);
  await setImmediate();
  assert.equal(last.state.has, false);
  room[Symbol.dispose]();
  await last.taken;
});

test('lets in what is larger than everything, by itself', async () => {
  const budget = createByteBudget(100);
  const first = await budget.take(1, NEVER);
  const huge = taking(budget, 1000);
  await setImmediate();
  assert.equal(huge.state.has, false);
  first[Symbol.dispose]();
  const room = await huge.taken;
  const next = taking(budget, 1);
  await setImmediate();
  assert.equal(next.state.has, false);
  room[Symbol.dispose]();
  await next.taken;
});

test('forgets who does not wait any more, and gives the place to the next one', async () => {
  const budget = createByteBudget(100);
  const first = await budget.take(100, NEVER);
  const leaving = new AbortController();
  const left = taking(budget, 100, leaving.signal);
  const next = taking(budget, 40);
  leaving.abort(new Error('gone'));
  await assert.rejects(left.taken, /gone/);
  await assert.rejects(budget.take(1, leaving.signal), /gone/);
  first[Symbol.dispose]();
  await next.taken;
  await budget.take(60, NEVER);
});
