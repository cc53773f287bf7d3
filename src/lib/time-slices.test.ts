import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeSlices } from './time-slices.ts';

test('a slice is over after its time, and the next one has as much', async () => {
  let now = 1000;
  const slices = timeSlices({ monotonic: () => now }, 4);
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
  const slices = timeSlices({ monotonic: () => 0 }, 1);
  const order: string[] = [];
  setImmediate(() => order.push('other work'));
  await slices.rest();
  order.push('the next slice');
  assert.deepEqual(order, ['other work', 'the next slice']);
});
