import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomInteger, randomNormal, seededRandom } from '../../../test/random.ts';
import { normalise } from '../embedding/static-model.ts';
import { DenseIndex, quantise } from './dense-index.ts';
import { atOnce } from '../../lib/time-slices.ts';

interface Row {
  readonly values: Int8Array;
  readonly scale: number;
}

const everything = (): boolean => true;
const third = (slot: number): boolean => slot % 3 === 1;

function randomVector(random: () => number, dimensions: number): Float32Array {
  return normalise(Float32Array.from({ length: dimensions }, () => randomNormal(random)));
}

/** Near one of a few centres, as the passages of one subject are. */
function clusteredVectors(random: () => number, dimensions: number, count: number): Float32Array[] {
  const centres = Array.from({ length: 8 }, () => randomVector(random, dimensions));
  return Array.from({ length: count }, () => {
    const centre = centres[randomInteger(random, centres.length)];
    const away = randomVector(random, dimensions);
    return normalise(away.map((value, i) => 0.25 * value + (centre?.[i] ?? 0)));
  });
}

/** Most of the weight in few dimensions: the worst case for a coarse query. */
function spikyVectors(random: () => number, dimensions: number, count: number): Float32Array[] {
  return Array.from({ length: count }, () =>
    normalise(Float32Array.from({ length: dimensions }, () => randomNormal(random) ** 5)),
  );
}

function build(dimensions: number, rows: readonly Row[]): DenseIndex {
  const index = new DenseIndex(dimensions);
  for (const [slot, { values, scale }] of rows.entries()) assert.equal(index.add(values, scale), slot);
  return index;
}

function exactScore(query: Float32Array, { values, scale }: Row): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * (query[i] ?? 0);
  return sum * Math.fround(scale);
}

/** The definition: every vector's product in double precision, sorted. */
function exhaustive(
  query: Float32Array,
  rows: readonly Row[],
  filter: (slot: number) => boolean,
  limit: number,
) {
  return rows
    .flatMap((row, slot) =>
      row.scale === 0 || !filter(slot) ? [] : [{ slot, score: exactScore(query, row) }],
    )
    .toSorted((a, b) => b.score - a.score || a.slot - b.slot)
    .slice(0, limit);
}

function found(index: DenseIndex, query: Float32Array, filter: (slot: number) => boolean, limit: number) {
  const { slots, scores } = index.search(query, filter, limit);
  return Array.from(slots, (slot, at) => ({ slot, score: scores[at] ?? Number.NaN }));
}

const SHAPES = {
  random: (random: () => number, dimensions: number, count: number) =>
    Array.from({ length: count }, () => randomVector(random, dimensions)),
  clustered: clusteredVectors,
  spiky: spikyVectors,
};

describe('the dense index', () => {
  for (const dimensions of [1, 63, 64, 100, 256, 384]) {
    for (const [name, shape] of Object.entries(SHAPES)) {
      it(`finds what an exhaustive search in double precision finds: ${name}, ${dimensions} dimensions`, () => {
        const random = seededRandom(dimensions);
        const rows = shape(random, dimensions, 5000).map(quantise);
        for (const at of [0, 1, 2047, 2048, 4999]) rows[at] = { values: new Int8Array(dimensions), scale: 0 };
        const index = build(dimensions, rows);
        const queries = shape(random, dimensions, 8);
        for (const [at, query] of queries.entries()) {
          const limit = [1, 10, 100, 6000][at % 4] ?? 1;
          assert.deepEqual(
            found(index, query, everything, limit),
            exhaustive(query, rows, everything, limit),
          );
          assert.deepEqual(found(index, query, third, limit), exhaustive(query, rows, third, limit));
        }
      });
    }
  }

  it('finds a vector that lives on all that rounding takes from the query', () => {
    // One component sets the step; the others lie just below half of one and vanish from the coarse query.
    const query = Float32Array.from({ length: 256 }, (_, i) => (i === 0 ? 63 : 0.499));
    const hidden = quantise(normalise(Float32Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : 1))));
    const decoy = quantise(
      normalise(Float32Array.from({ length: 256 }, (_, i) => (i === 0 ? 6 : i === 1 ? 62 : 0))),
    );
    const rows = [...Array.from({ length: 300 }, () => decoy), hidden];
    assert.deepEqual(found(build(256, rows), query, everything, 5), exhaustive(query, rows, everything, 5));
    assert.equal(exhaustive(query, rows, everything, 1)[0]?.slot, 300);
  });

  it('ranks vectors of any length by their inner product', () => {
    const random = seededRandom(8);
    const rows = Array.from({ length: 1000 }, () => {
      const { values, scale } = quantise(randomVector(random, 64));
      return { values, scale: scale * 10 ** (4 * random() - 2) };
    });
    const index = build(64, rows);
    for (let round = 0; round < 5; round++) {
      const query = randomVector(random, 64).map((value) => value * 100);
      assert.deepEqual(found(index, query, everything, 20), exhaustive(query, rows, everything, 20));
    }
  });

  it('keeps the order of slots among equal scores', () => {
    const row = quantise(randomVector(seededRandom(1), 256));
    const index = build(
      256,
      Array.from({ length: 5000 }, () => row),
    );
    const query = randomVector(seededRandom(2), 256);
    assert.deepEqual([...index.search(query, everything, 5).slots], [0, 1, 2, 3, 4]);
  });

  it('finds the few slots that a filter leaves, however bad their scores', () => {
    const random = seededRandom(3);
    const rows = clusteredVectors(random, 256, 5000).map(quantise);
    const [query = new Float32Array(256)] = clusteredVectors(random, 256, 1);
    const allowed = new Set([17, 2048, 4999]);
    const filter = (slot: number): boolean => allowed.has(slot);
    const best = found(build(256, rows), query, filter, 10);
    assert.deepEqual(best, exhaustive(query, rows, filter, 10));
    assert.equal(best.length, 3);
  });

  it('never returns a slot without vector, and scores it NaN', () => {
    const rows = [
      quantise(new Float32Array(8)),
      quantise(new Float32Array(8).fill(1)),
      quantise(new Float32Array(8)),
    ];
    const index = build(8, rows);
    const query = new Float32Array(8).fill(-1);
    assert.deepEqual([...index.search(query, everything, 10).slots], [1]);
    assert.deepEqual([...index.score(query, Uint32Array.of(0, 1, 2, 99))].map(Number.isNaN), [
      true,
      false,
      true,
      true,
    ]);
  });

  it('scores single slots as the search does', () => {
    const random = seededRandom(4);
    const index = build(100, clusteredVectors(random, 100, 300).map(quantise));
    const query = randomVector(random, 100);
    const { slots, scores } = index.search(query, everything, 300);
    assert.deepEqual(index.score(query, slots), scores);
  });

  it('finds nothing for a zero query or in an empty index', () => {
    assert.equal(new DenseIndex(4).search(Float32Array.of(1, 0, 0, 0), everything, 3).slots.length, 0);
    const index = build(4, [quantise(Float32Array.of(1, 0, 0, 0))]);
    assert.equal(index.search(new Float32Array(4), everything, 3).slots.length, 0);
  });

  it('finds every vector again while it grows over many pages', () => {
    const random = seededRandom(5);
    const index = new DenseIndex(384);
    const rows: Row[] = [];
    for (let slot = 0; slot < 3000; slot++) {
      const vector = randomVector(random, 384);
      const row = quantise(vector);
      rows.push(row);
      index.add(row.values, row.scale);
      if (slot % 171 === 0)
        assert.deepEqual(found(index, vector, everything, 2), exhaustive(vector, rows, everything, 2));
    }
    assert.equal(index.size, 3000);
    assert.ok(index.bytes >= 3000 * 384);
  });

  it('gives the same results after it was stored and loaded, and goes on growing', () => {
    const random = seededRandom(6);
    const rows = clusteredVectors(random, 100, 2500).map(quantise);
    const before = build(100, rows);
    const stored = atOnce(before.storing());
    assert.equal(stored.vectors.length, 100 * 2500);
    const after = new DenseIndex(100, stored);
    const more = clusteredVectors(random, 100, 600).map(quantise);
    for (const { values, scale } of more) assert.equal(after.add(values, scale), before.add(values, scale));
    assert.equal(after.size, 3100);
    for (const query of clusteredVectors(random, 100, 5)) {
      const expected = exhaustive(query, [...rows, ...more], everything, 50);
      assert.deepEqual(found(after, query, everything, 50), expected);
      assert.deepEqual(found(before, query, everything, 50), expected);
    }
  });

  it('refuses dimensions that do not fit', () => {
    const index = new DenseIndex(3);
    assert.throws(() => index.add(new Int8Array(4), 1), /vector of 4 dimensions does not fit an index of 3/);
    assert.throws(() => index.search(new Float32Array(2), everything, 1), /query of 2 dimensions/);
    for (const dimensions of [0, -1, 2.5]) assert.throws(() => new DenseIndex(dimensions), RangeError);
  });
});

describe('quantising', () => {
  it('keeps every component within half a step', () => {
    const vector = randomVector(seededRandom(7), 256);
    const { values, scale } = quantise(vector);
    for (const [i, value] of vector.entries())
      assert.ok(Math.abs((values[i] ?? 0) * scale - value) <= scale / 2 + 1e-9);
    assert.equal(Math.max(...values.map(Math.abs)), 127);
  });

  it('gives the zero vector no scale', () => {
    assert.deepEqual(quantise(new Float32Array(3)), { values: new Int8Array(3), scale: 0 });
  });
});
