import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, timeSlices } from './time-slices.ts';

test('a slice is over after its time, and the next one has as much', async () => {
  let now = 1000;
  const slices = timeSlices({ clock: { monotonic: () => now }, sliceMs: 4 });
  assert.equal(slices.isOver(), false);
  now += 3.9;
  assert.equal(slices.isOver(), false);
  now += 0.2;
  assert.equal(slices.isOver(), true);
  await slices.rest();
  assert.equal(slices.isOver(), false);
  now += 4;
  assert.equal(slices.isOver(), true);
});

test('what waits for the event loop is served between two slices', async () => {
  const slices = timeSlices({ clock: { monotonic: () => 0 }, sliceMs: 1 });
  const order: string[] = [];
  setImmediate(() => order.push('other work'));
  await slices.rest();
  order.push('the next slice');
  assert.deepEqual(order, ['other work', 'the next slice']);
});

function* counting(onStep: (step: number) => void): Generator<void, string> {
  for (let step = 0; step < 6; step++) {
    onStep(step);
    yield;
  }
  return 'done';
}

test('work in steps rests after those in which a slice is over, and gives its result', async () => {
  let now = 0;
  const slices = timeSlices({ clock: { monotonic: () => now }, sliceMs: 2 });
  const seen: (number | string)[] = [];
  const other = (): void => void seen.push('other work');
  setImmediate(() => setImmediate(other));
  const result = await slices.run(
    counting((step) => {
      now++;
      seen.push(step);
    }),
  );
  assert.deepEqual(seen, [0, 1, 2, 3, 'other work', 4, 5]);
  assert.equal(result, 'done');
  assert.equal(atOnce(counting(() => undefined)), 'done');
});

test('work whose signal is aborted ends at its next rest', async () => {
  const abort = new AbortController();
  const slices = timeSlices({ clock: { monotonic: () => 0 }, sliceMs: 0, signal: abort.signal });
  let steps = 0;
  const work = slices.run(counting(() => steps++));
  abort.abort(new Error('closed'));
  await assert.rejects(work, /closed/);
  assert.equal(steps, 1);
});
