import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBoundedCache } from './byte-bounded-cache.ts';

test('drops the least recently used value when the bytes are used up', () => {
  const cache = new ByteBoundedCache<string>(36);
  cache.set('a', 'A', 10);
  cache.set('b', 'B', 10);
  cache.set('c', 'C', 10);
  assert.equal(cache.get('a'), 'A');
  cache.set('d', 'D', 10);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key)),
    ['A', undefined, 'C', 'D'],
  );
  assert.equal(cache.bytes, 36);
});

test('counts a replaced value once', () => {
  const cache = new ByteBoundedCache<number>(100);
  for (let round = 0; round < 50; round++) cache.set('same', round, 40);
  assert.equal(cache.get('same'), 49);
  assert.equal(cache.size, 1);
  assert.equal(cache.bytes, 48);
});

test('does not keep a value that is larger than all of it', () => {
  const cache = new ByteBoundedCache<string>(10);
  cache.set('a', 'A', 8);
  cache.set('b', 'B', 80);
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a'), 'A');
});

test('holds nothing with no bytes', () => {
  const cache = new ByteBoundedCache<string>(0);
  cache.set('', 'A', 1);
  assert.equal(cache.size, 0);
});
