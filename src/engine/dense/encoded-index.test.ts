import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomNormal, seededRandom } from '../../../test/random.ts';
import { normalise } from '../embedding/static-model.ts';
import { DenseIndex, quantise } from './dense-index.ts';
import { EncodedIndex } from './encoded-index.ts';

const random = seededRandom(7);
const DIMENSIONS = 24;
const ALL = (): boolean => true;
const ODD = (slot: number): boolean => slot % 2 === 1;

function vector(): Float32Array {
  return normalise(Float32Array.from({ length: DIMENSIONS }, () => randomNormal(random)));
}

describe('the encoded index', () => {
  it('finds what a dense index over all slots finds, whatever the order of arrival', () => {
    const size = 700;
    const vectors = Array.from({ length: size }, () => quantise(vector()));
    const plain = new DenseIndex(DIMENSIONS);
    for (const { values, scale } of vectors) plain.add(values, scale);
    const encoded = new EncodedIndex(DIMENSIONS);
    for (let at = 0; at < size; at++) {
      const slot = (at * 303) % size;
      const one = vectors[slot];
      assert.ok(one && encoded.add(slot, one));
    }
    for (const filter of [ALL, ODD]) {
      const query = vector();
      assert.deepEqual(encoded.search(query, filter, 20), plain.search(query, filter, 20));
      const slots = Uint32Array.of(5, 699, 0, 300);
      assert.deepEqual(encoded.score(query, slots), plain.score(query, slots));
    }
  });

  it('finds encoded slots only, and scores the others NaN', () => {
    const index = new EncodedIndex(DIMENSIONS);
    index.add(1000, quantise(vector()));
    const query = vector();
    assert.deepEqual([...index.search(query, ALL, 10).slots], [1000]);
    const [none, one, beyond] = index.score(query, Uint32Array.of(0, 1000, 5000));
    assert.ok(Number.isNaN(none) && Number.isNaN(beyond) && !Number.isNaN(one));
    assert.deepEqual([index.has(0), index.has(1000), index.has(5000)], [false, true, false]);
  });

  it('counts a slot as encoded that was seen and has no vector', () => {
    const index = new EncodedIndex(DIMENSIONS);
    index.add(3, { values: new Int8Array(DIMENSIONS), scale: 0 });
    assert.equal(index.has(3), true);
    assert.deepEqual([...index.search(vector(), ALL, 10).slots], []);
    assert.ok(Number.isNaN(index.score(vector(), Uint32Array.of(3))[0]));
  });

  it('keeps the first vector of a slot', () => {
    const index = new EncodedIndex(DIMENSIONS);
    const first = quantise(vector());
    assert.equal(index.add(0, first), true);
    const query = vector();
    const before = index.score(query, Uint32Array.of(0));
    assert.equal(index.add(0, quantise(vector())), false);
    assert.deepEqual(index.score(query, Uint32Array.of(0)), before);
  });

  it('refuses a vector of other dimensions', () => {
    const index = new EncodedIndex(DIMENSIONS);
    assert.throws(() => index.add(0, { values: new Int8Array(3), scale: 1 }), /3 dimensions/);
    assert.equal(index.has(0), false);
  });
});
