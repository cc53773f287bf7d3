import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomInteger, seededRandom } from '../../test/random.ts';
import { TopK } from './top-k.ts';

function drained(top: TopK): [number, number][] {
  const { slots, scores } = top.drain();
  return Array.from(slots, (slot, at) => [slot, scores[at] ?? Number.NaN]);
}

describe('the top k of a stream', () => {
  it('equals sorting, with ties by the smaller slot, in any order of arrival', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 300; round++) {
      const limit = 1 + randomInteger(random, 20);
      const all = Array.from(
        { length: randomInteger(random, 60) },
        (_, slot) => [slot, randomInteger(random, 8) - 3] as const,
      );
      const top = new TopK(limit);
      for (const [slot, score] of all.toSorted(() => random() - 0.5)) top.offer(slot, score);
      const sorted = all.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit);
      assert.deepEqual(drained(top), sorted);
    }
  });

  it('has no threshold before it is full, and the worst kept score after', () => {
    const top = new TopK(2);
    top.offer(7, 1);
    assert.equal(top.threshold, Number.NEGATIVE_INFINITY);
    top.offer(8, 3);
    assert.equal(top.threshold, 1);
    top.offer(9, 2);
    assert.equal(top.threshold, 2);
  });

  it('is empty once it is drained', () => {
    const top = new TopK(2);
    top.offer(1, 1);
    assert.equal(drained(top).length, 1);
    assert.deepEqual(drained(top), []);
    assert.equal(top.threshold, Number.NEGATIVE_INFINITY);
  });

  for (const limit of [0, -1, 1.5, Number.NaN])
    it(`refuses a limit of ${limit}`, () => {
      assert.throws(() => new TopK(limit), { name: 'RangeError', message: /positive integer/ });
    });
});
