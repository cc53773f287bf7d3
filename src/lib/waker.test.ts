import assert from 'node:assert/strict';
import { setImmediate, setTimeout as after } from 'node:timers/promises';
import { test } from 'node:test';
import { createWaker } from './waker.ts';

test('ends a sleep', async () => {
  const waker = createWaker();
  let isAwake = false;
  const asleep = waker.sleep().then(() => (isAwake = true));
  await setImmediate();
  assert.equal(isAwake, false);
  waker.wake();
  await asleep;
});

test('a call before the sleep is not missed', async () => {
  const waker = createWaker();
  waker.wake();
  await waker.sleep(async () => assert.fail('there is nothing to wait for'));
  await waker.sleep();
});

test('a call before the loop looked again is forgotten', async () => {
  const waker = createWaker();
  waker.wake();
  waker.rearm();
  const first = await Promise.race([waker.sleep().then(() => 'woken'), setImmediate('asleep')]);
  assert.equal(first, 'asleep');
});

test('something else can end a sleep, and is ended with it', async () => {
  const waker = createWaker();
  await waker.sleep(async () => undefined);
  let signal: AbortSignal | null = null;
  const asleep = waker.sleep(async (over) => {
    signal = over;
    await after(60_000, undefined, { signal: over });
  });
  waker.wake();
  await asleep;
  assert.equal((signal as AbortSignal | null)?.aborted, true);
});

test('what else was waited for may fail', async () => {
  const failing = createWaker().sleep(async () => {
    throw new Error('no clock');
  });
  await assert.rejects(failing, /no clock/);
});
