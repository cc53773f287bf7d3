import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeBytes } from './free-bytes.ts';

test('empties large bytes, and leaves small ones, which may share their memory', () => {
  const large = Buffer.alloc(2 ** 20);
  const view = large.subarray(5);
  const small = Buffer.from('a neighbour in the pool');
  freeBytes(small);
  freeBytes(large);
  assert.deepEqual([large.length, view.length], [0, 0]);
  assert.equal(small.toString(), 'a neighbour in the pool');
});
