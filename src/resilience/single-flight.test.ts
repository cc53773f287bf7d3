import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createSingleFlight } from './single-flight.ts';

const NEVER = new AbortController().signal;

/** Work that ends when told. */
function told(): {
  work: (signal: AbortSignal) => Promise<string>;
  end: PromiseWithResolvers<string>;
  signals: AbortSignal[];
} {
  const end = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  return {
    work: (signal) => {
      signals.push(signal);
      return end.promise;
    },
    end,
    signals,
  };
}

test('callers of one key share one piece of work', async () => {
  const flights = createSingleFlight<string>();
  const { work, end, signals } = told();
  const results = [1, 2, 3].map(() => flights.run('a', work, NEVER));
  const other = flights.run('b', async () => 'other', NEVER);
  assert.equal(flights.size, 2);
  end.resolve('value');
  assert.deepEqual(await Promise.all(results), ['value', 'value', 'value']);
  assert.equal(await other, 'other');
  assert.equal(signals.length, 1);
  assert.equal(flights.size, 0);
});

test('a failure reaches all and is not kept', async () => {
  const flights = createSingleFlight<string>();
  const { work, end } = told();
  const results = [1, 2].map(() => flights.run('a', work, NEVER));
  end.reject(new Error('down'));
  for (const result of results) await assert.rejects(result, /down/);
  assert.equal(await flights.run('a', async () => 'again', NEVER), 'again');
  await assert.rejects(
    flights.run('a', () => Promise.reject(new Error('at once')), NEVER),
    /at once/,
  );
});

test('one that gives up leaves the others alone; when all have, the work is aborted', async () => {
  const flights = createSingleFlight<string>();
  const { work, end, signals } = told();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = assert.rejects(flights.run('a', work, first.signal), (reason) => reason === 'one gone');
  const two = assert.rejects(flights.run('a', work, second.signal), (reason) => reason === 'two gone');
  first.abort('one gone');
  await one;
  assert.equal(signals[0]?.aborted, false);
  second.abort('two gone');
  await two;
  assert.equal(signals[0]?.reason, 'two gone');
  assert.equal(flights.size, 0);
  const fresh = flights.run('a', async () => 'fresh', NEVER);
  end.resolve('stale');
  assert.equal(await fresh, 'fresh');
  assert.equal(getEventListeners(first.signal, 'abort').length, 0);
  await assert.rejects(flights.run('a', work, first.signal), (reason) => reason === 'one gone');
});
