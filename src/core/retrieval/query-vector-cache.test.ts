import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TenantId } from '../documents/ids.ts';
import { createQueryVectorCache } from './query-vector-cache.ts';

const key = { tenant: 'default' as TenantId, model: 'a', query: 'how to restore' };
const vector = Float32Array.of(1, 2);

describe('the query vector cache', () => {
  it('gives a vector back by the text, whatever its spaces', () => {
    const cache = createQueryVectorCache();
    assert.equal(cache.get(key), null);
    cache.set(key, vector);
    assert.deepEqual(cache.get({ ...key, query: '  how\tto \n restore ' }), vector);
    cache.set({ ...key, query: 'caf\u00E9' }, vector);
    assert.deepEqual(cache.get({ ...key, query: 'cafe\u0301' }), vector);
  });

  it('keeps tenants, models and texts apart', () => {
    const cache = createQueryVectorCache();
    cache.set(key, vector);
    for (const other of [{ tenant: 'other' as TenantId }, { model: 'b' }, { query: 'How to restore' }])
      assert.equal(cache.get({ ...key, ...other }), null);
  });

  it('lets the least recently used go when it is full', () => {
    const cache = createQueryVectorCache(500);
    const queries = Array.from({ length: 20 }, (_, at) => ({ ...key, query: `${at}` }));
    for (const one of queries) {
      cache.set(one, new Float32Array(16));
      cache.get(queries[0] ?? one);
    }
    const kept = queries.filter((one) => cache.get(one) !== null).map(({ query }) => query);
    assert.ok(kept.length >= 2 && kept.length < 10, kept.join());
    assert.deepEqual([kept[0], kept.at(-1)], ['0', '19']);
  });
});
