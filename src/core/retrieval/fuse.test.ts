import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChunkId, CollectionName, Scope, TenantId } from '../documents/ids.ts';
import { fuse } from './fuse.ts';

const scope: Scope = { tenant: 'default' as TenantId, collection: 'docs' as CollectionName };

/** `[id, lexical, cosine]` -> `[id, score]`, best first. */
function fused(weight: number, ...rows: readonly (readonly [id: string, lexical: number, cosine: number])[]) {
  const chunks = rows.map(([id, lexical, cosine]) => ({ scope, chunkId: id as ChunkId, lexical, cosine }));
  return fuse(chunks, weight).map(({ chunkId, score }) => [chunkId, Math.round(score * 1e9) / 1e9]);
}

describe('fusion by scores', () => {
  it('adds the weighted cosine and the share of the best lexical score', () => {
    assert.deepEqual(fused(0.25, ['a', 10, 0.2], ['b', 5, 0.8], ['c', 0, 0.6]), [
      ['a', 0.8],
      ['b', 0.575],
      ['c', 0.15],
    ]);
  });

  it('is the lexical order at weight 0 and that of cosines at weight 1', () => {
    const rows = [
      ['a', 3, 0.1],
      ['b', 2, 0.9],
      ['c', 1, 0.5],
    ] as const;
    assert.deepEqual(
      fused(0, ...rows).map(([id]) => id),
      ['a', 'b', 'c'],
    );
    assert.deepEqual(
      fused(1, ...rows).map(([id]) => id),
      ['b', 'c', 'a'],
    );
  });

  it('gives a chunk without vector the share of the best cosine that its words deserve', () => {
    assert.deepEqual(fused(0.5, ['a', 10, 0.6], ['b', 5, Number.NaN], ['c', 10, Number.NaN]), [
      ['a', 0.8],
      ['c', 0.8],
      ['b', 0.4],
    ]);
  });

  it('falls back to the lexical share when no chunk has a vector', () => {
    assert.deepEqual(fused(0.5, ['a', 4, Number.NaN], ['b', 2, Number.NaN]), [
      ['a', 0.5],
      ['b', 0.25],
    ]);
  });

  it('falls back to the cosine when no word matches', () => {
    assert.deepEqual(fused(0.5, ['a', 0, 0.2], ['b', 0, 0.4], ['c', 0, Number.NaN]), [
      ['b', 0.2],
      ['a', 0.1],
      ['c', 0],
    ]);
  });

  it('lets an unlike meaning count against a chunk', () => {
    assert.deepEqual(fused(0.5, ['a', 1, -0.5], ['b', 1, 0]), [
      ['b', 0.5],
      ['a', 0.25],
    ]);
  });

  it('orders equal scores by id', () => {
    assert.deepEqual(
      fused(0.5, ['b', 1, 0.1], ['c', 1, 0.1], ['a', 1, 0.1]).map(([id]) => id),
      ['a', 'b', 'c'],
    );
  });

  it('has nothing to fuse of nothing', () => {
    assert.deepEqual(fused(0.5), []);
  });
});
