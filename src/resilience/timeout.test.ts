import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { TimeoutError } from './errors.ts';
import { Timeout } from './timeout.ts';

const NEVER = new AbortController().signal;

/** Work that never ends, and the signal that it got. */
function hanging(): { work: (signal: AbortSignal) => Promise<never>; signal: () => AbortSignal } {
  let seen = NEVER;
  return {
    work: (signal) => {
      seen = signal;
      return new Promise(() => undefined);
    },
    signal: () => seen,
  };
}

test('gives the result of work in time', async () => {
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time: new SimulatedTime() });
  assert.equal(await timeout.execute(async () => 7, NEVER), 7);
});

test('gives the error of work in time, also of work that throws at once', async () => {
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time: new SimulatedTime() });
  await assert.rejects(
    timeout.execute(() => Promise.reject(new Error('late')), NEVER),
    /late/,
  );
  await assert.rejects(
    timeout.execute(() => {
      throw new Error('at once');
    }, NEVER),
    /at once/,
  );
});

test('aborts the work and rejects at the limit, though the work does not listen', async () => {
  const time = new SimulatedTime();
  const timeout = new Timeout({ name: 'model', timeoutMs: 100, time });
  const { work, signal } = hanging();
  const result = timeout.execute(work, NEVER);
  const failed = assert.rejects(result, {
    name: 'TimeoutError',
    kind: 'timeout',
    timeoutMs: 100,
    phase: 'call',
    message: 'model timed out after 100 ms',
  });
  await time.advance(99);
  assert.equal(signal().aborted, false);
  await time.advance(1);
  await failed;
  assert.ok(signal().reason instanceof TimeoutError);
});

test('each call has its own limit behind the one timer', async () => {
  const time = new SimulatedTime();
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time });
  const ended: string[] = [];
  const start = (name: string): void => {
    timeout.execute(hanging().work, NEVER).catch(() => ended.push(`${name} ${time.monotonic()}`));
  };
  start('a');
  await time.advance(30);
  start('b');
  const quick = timeout.execute(async () => 'c', NEVER);
  await time.advance(30);
  start('d');
  assert.equal(time.pendingTimers, 1);
  await time.advance(200);
  assert.equal(await quick, 'c');
  assert.deepEqual(ended, ['a 100', 'b 130', 'd 160']);
  assert.equal(time.pendingTimers, 0);
});

test('an abort of the caller reaches the work at once, with its reason', async () => {
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time: new SimulatedTime() });
  const caller = new AbortController();
  const { work, signal } = hanging();
  const result = timeout.execute(work, caller.signal);
  caller.abort('gone');
  assert.equal(signal().reason, 'gone');
  await assert.rejects(result, (reason) => reason === 'gone');
  await assert.rejects(timeout.execute(work, caller.signal), (reason) => reason === 'gone');
});

test('a thousand calls leave no listener, and one timer that goes away', async () => {
  const time = new SimulatedTime();
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time });
  const { signal } = new AbortController();
  for (let call = 0; call < 1000; call++) {
    await timeout
      .execute(() => (call % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('x'))), signal)
      .catch(() => undefined);
  }
  const hung = timeout.execute(hanging().work, signal).catch(() => 'cut');
  assert.equal(time.pendingTimers, 1);
  await time.advance(201);
  assert.equal(await hung, 'cut');
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(time.pendingTimers, 0);
});

test('what comes after the limit is dropped', async () => {
  const time = new SimulatedTime();
  const timeout = new Timeout({ name: 'x', timeoutMs: 100, time });
  const late = Promise.withResolvers<number>();
  const result = timeout.execute(() => late.promise, NEVER);
  const failed = assert.rejects(result, TimeoutError);
  await time.advance(100);
  late.reject(new Error('nobody hears this'));
  await failed;
});

test("runs on the machine's time", async () => {
  const timeout = new Timeout({ name: 'x', timeoutMs: 1 });
  await assert.rejects(timeout.execute(hanging().work, NEVER), TimeoutError);
});

test('refuses a limit out of bounds', () => {
  for (const timeoutMs of [0, Number.NaN, 2 ** 31]) {
    assert.throws(() => new Timeout({ name: 'x', timeoutMs }), new RegExp(`got ${timeoutMs}`));
  }
});
