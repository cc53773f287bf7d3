import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../test/random.ts';
import { packPosting, PostingStore } from './posting-store.ts';
import { atOnce } from '../../lib/time-slices.ts';

describe('a posting', () => {
  for (const [frequency, quarters] of [
    [1, 4],
    [0.5, 2],
    [2.75, 11],
    [0.01, 1],
    [63.75, 255],
    [1000, 255],
  ] as const)
    it(`keeps a frequency of ${frequency} as ${quarters} quarters`, () => {
      assert.equal(packPosting(0, frequency), quarters);
      assert.equal(packPosting(2 ** 24 - 1, frequency), (2 ** 24 - 1) * 256 + quarters);
    });
});

/** Lists of very different lengths, appended in turns as indexing does. */
function filled(seed: number, store = new PostingStore(), lists: number[][] = []): number[][] {
  const random = seededRandom(seed);
  for (let step = 0; step < 20_000; step++) {
    const term = Math.floor(200 * random() ** 3);
    store.ensureTerms(term + 1);
    while (lists.length <= term) lists.push([]);
    store.append(term, step);
    lists[term]?.push(step);
  }
  return lists;
}

function check(store: PostingStore, lists: readonly number[][]): void {
  assert.equal(store.termCount, lists.length);
  for (const [term, list] of lists.entries()) {
    assert.deepEqual([...store.list(term)], list);
    assert.equal(store.count(term), list.length);
  }
}

describe('the posting store', () => {
  it('holds what was appended, in order, whatever moves', () => {
    const store = new PostingStore();
    check(store, filled(1, store));
  });

  it('has empty lists for terms without postings', () => {
    const store = new PostingStore();
    store.ensureTerms(3);
    store.append(2, 7);
    check(store, [[], [], [7]]);
    assert.equal(store.count(99), 0);
  });

  it('gives regions that lists have left to other lists', () => {
    const store = new PostingStore();
    store.ensureTerms(2000);
    for (let posting = 0; posting < 4; posting++) store.append(0, posting);
    for (let term = 1; term < 2000; term++)
      for (let posting = 0; posting < 5; posting++) store.append(term, posting);
    // 2,000 lists of capacity 8 take 64,000 bytes; never reused, the 4s that they left would add half as much.
    const { bytes } = store;
    const lists = new PostingStore();
    lists.ensureTerms(2000);
    assert.ok(bytes - lists.bytes <= 64_000 * 1.5 + 100, `${bytes} bytes`);
  });

  it('goes on growing after it was stored and loaded', () => {
    const store = new PostingStore();
    const lists = filled(2, store);
    const loaded = new PostingStore(atOnce(store.storing()));
    check(loaded, lists);
    check(loaded, filled(3, loaded, lists));
    check(new PostingStore(atOnce(loaded.storing())), lists);
  });

  it('stores nothing but the postings', () => {
    const store = new PostingStore();
    const lists = filled(4, store);
    const { pool, counts } = atOnce(store.storing());
    assert.deepEqual([...pool], lists.flat());
    assert.deepEqual(
      [...counts],
      lists.map(({ length }) => length),
    );
    assert.equal(atOnce(new PostingStore().storing()).pool.length, 0);
  });
});
