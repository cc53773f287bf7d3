import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GrowableUint32 } from './growable.ts';

const MANY = 2 ** 18;

describe('an array that grows', () => {
  it('keeps its elements and frees what it grows out of', () => {
    const array = new GrowableUint32();
    array.extend(MANY);
    array.data[MANY - 1] = 7;
    const { data } = array;
    array.push(8);
    assert.deepEqual([array.length, array.data[MANY - 1], array.data[MANY]], [MANY + 1, 7, 8]);
    assert.equal(data.length, 0);
  });

  it('leaves the array that it was made of to whoever has it', () => {
    const given = new Uint32Array(MANY).fill(3);
    const array = new GrowableUint32(given);
    array.push(4);
    assert.deepEqual([array.length, array.data[0], array.data[MANY]], [MANY + 1, 3, 4]);
    assert.equal(given.length, MANY);
  });
});
