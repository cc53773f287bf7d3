import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomInteger, randomItem, randomNormal, seededRandom } from '../../test/random.ts';
import { matches, type FieldCondition } from '../core/retrieval/filter.ts';
import type { FieldValue } from './columns.ts';
import { quantise } from './dense/dense-index.ts';
import { normalise } from './embedding/static-model.ts';
import { LEXICAL_DEFAULTS } from './lexical/constants.ts';
import { Partition, type DocumentInput, type FieldConditions, type Hit } from './partition.ts';
import { atOnce } from '../lib/time-slices.ts';

const OPTIONS = { dimensions: 16, constants: LEXICAL_DEFAULTS };
const NONE: FieldConditions = {};

function keyOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

function vectorOf(random: () => number): Float32Array {
  return normalise(Float32Array.from({ length: 16 }, () => randomNormal(random)));
}

function documentOf(
  key: string,
  bodies: readonly string[],
  more: Partial<DocumentInput> = {},
): DocumentInput {
  const random = seededRandom(Number.parseInt(key.slice(-6), 16));
  return {
    key,
    title: '',
    language: 'en',
    fields: {},
    passages: bodies.map((body) => ({ headings: [], body, vector: quantise(vectorOf(random)) })),
    ...more,
  };
}

function partitionOf(documents: readonly DocumentInput[]): Partition {
  const partition = new Partition(OPTIONS);
  for (const one of documents) partition.add(one);
  return partition;
}

function places(hits: readonly Hit[]): string[] {
  return hits.map(({ key, ordinal }) => `${key}-${ordinal}`).toSorted();
}

const VALUES: readonly [FieldValue, ...FieldValue[]] = [
  0,
  1,
  2,
  -1.5,
  '0',
  '1',
  '',
  'a',
  'a/b',
  'a/b/c',
  'a/bc',
  '2024-01-31',
  '2024-02',
  true,
  false,
  'true',
  'B',
  'é',
];
const FIELDS = ['path', 'size', 'tags', '__proto__'] as const;

function randomFields(random: () => number): DocumentInput['fields'] {
  const entries: [string, FieldValue | FieldValue[]][] = [];
  for (const field of FIELDS) {
    const kind = random();
    if (kind < 0.2) continue;
    const values = Array.from({ length: randomInteger(random, 4) }, () => randomItem(random, VALUES));
    entries.push([field, kind < 0.6 ? values : randomItem(random, VALUES)]);
  }
  return Object.fromEntries(entries);
}

function randomCondition(random: () => number): FieldCondition {
  const value = (): FieldValue => randomItem(random, VALUES);
  const bound = (): number | string => {
    const one = value();
    return typeof one === 'boolean' ? 1 : one;
  };
  switch (randomInteger(random, 4)) {
    case 0:
      return { kind: 'equals', value: value() };
    case 1:
      return { kind: 'any', values: [value(), value()] };
    case 2:
      return random() < 0.5 ? { kind: 'range', gte: bound(), lt: bound() } : { kind: 'range', gt: bound() };
    default:
      return { kind: 'prefix', prefix: String(value()) };
  }
}

/** The definition: every condition holds for one of the values of its field. */
function isAllowed(fields: DocumentInput['fields'], filter: ReadonlyMap<string, FieldCondition>): boolean {
  return [...filter].every(([field, condition]) => {
    const value = Object.entries(fields).find(([name]) => name === field)?.[1] ?? [];
    return (Array.isArray(value) ? value : [value]).some((single: FieldValue) => matches(condition, single));
  });
}

describe('the filter of a partition', () => {
  it('is what the definition says, document by document, in both recalls', () => {
    const random = seededRandom(21);
    const documents = Array.from({ length: 120 }, (_, number) =>
      documentOf(
        keyOf(number),
        Array.from({ length: randomInteger(random, 4) }, () => 'backup'),
        { fields: randomFields(random) },
      ),
    );
    const partition = partitionOf(documents);
    const removed = new Set([3, 50, 119].map(keyOf));
    for (const key of removed) partition.remove(key);
    const stored = new Partition(OPTIONS, atOnce(partition.storing()));
    let matched = 0;
    for (let round = 0; round < 400; round++) {
      const filter = new Map<string, FieldCondition>();
      for (let i = 0; i <= round % 3; i++) filter.set(randomItem(random, FIELDS), randomCondition(random));
      const expected = documents
        .filter(({ key, fields }) => !removed.has(key) && isAllowed(fields, filter))
        .flatMap(({ key, passages }) => Array.from(passages, (_, ordinal) => `${key}-${ordinal}`));
      const conditions: FieldConditions = Object.fromEntries(
        [...filter].map(([field, condition]) => [field, (value: FieldValue) => matches(condition, value)]),
      );
      for (const one of [partition, stored]) {
        assert.deepEqual(places(one.searchLexical('backup', conditions, 1000)), expected);
        assert.deepEqual(places(one.searchDense(vectorOf(random), conditions, 1000)), expected);
      }
      matched += expected.length;
    }
    assert.ok(matched > 2000, `${matched} matches make a test`);
  });
});

describe('a partition', () => {
  it('finds a passage by its words and by its vector', () => {
    const partition = partitionOf([
      documentOf(keyOf(1), ['restore a backup', 'nothing here']),
      documentOf(keyOf(2), ['drink a coffee']),
    ]);
    assert.deepEqual(places(partition.searchLexical('backups', NONE, 10)), [`${keyOf(1)}-0`]);
    const query = vectorOf(seededRandom(2));
    assert.deepEqual(
      partition.searchDense(query, NONE, 1).map(({ key, ordinal }) => [key, ordinal]),
      [[keyOf(2), 0]],
    );
  });

  it('finds a passage by title and headings', () => {
    const [passage] = documentOf(keyOf(1), ['body']).passages;
    assert.ok(passage);
    const partition = partitionOf([
      documentOf(keyOf(1), [], {
        title: 'Operations',
        passages: [{ ...passage, headings: ['Backups', 'At night'] }],
      }),
    ]);
    for (const query of ['operations', 'backup', 'night', 'body'])
      assert.equal(partition.searchLexical(query, NONE, 10).length, 1, query);
  });

  it('counts live documents and passages', () => {
    const partition = partitionOf([documentOf(keyOf(1), ['a1', 'b1']), documentOf(keyOf(2), ['c1'])]);
    assert.equal(partition.remove(keyOf(1)), true);
    assert.equal(partition.remove(keyOf(1)), false);
    assert.deepEqual([partition.documentCount, partition.passageCount], [1, 1]);
    assert.deepEqual([...partition.documents()], [{ key: keyOf(2), passages: 1 }]);
    assert.equal(partition.wasted, 2 / 3);
    assert.deepEqual([partition.has(keyOf(1)), partition.has(keyOf(2))], [false, true]);
  });

  it('changes nothing when a document is added again', () => {
    const one = documentOf(keyOf(1), ['backup']);
    const partition = partitionOf([one, one]);
    assert.equal(partition.searchLexical('backup', NONE, 10).length, 1);
    assert.equal(partition.documentCount, 1);
  });

  it('finds nothing of a document before all of it has come, and finds the others meanwhile', () => {
    const isA = { path: (value: FieldValue) => value === 'a' };
    const partition = partitionOf([documentOf(keyOf(1), ['backup'], { fields: { path: 'a' } })]);
    const two = documentOf(keyOf(2), ['backup one', 'backup two'], { fields: { path: 'a' } });
    const steps = partition.adding(two);
    const seen: unknown[] = [];
    do {
      const found = [NONE, isA].map((conditions) => partition.searchLexical('backup', conditions, 10).length);
      const dense = partition.searchDense(vectorOf(seededRandom(2)), NONE, 10).length;
      seen.push([...found, dense, partition.passageCount, partition.documentCount, partition.has(two.key)]);
    } while (steps.next().done !== true);
    const before = [1, 1, 1, 1, 1, false];
    assert.deepEqual(seen, [before, before, before]);
    assert.equal(partition.searchLexical('backup', isA, 10).length, 3);
    assert.deepEqual([partition.passageCount, partition.documentCount, partition.wasted], [3, 2, 0]);
  });

  it('never finds a document that was given up half way, and takes it when it comes again', () => {
    const one = documentOf(keyOf(1), ['backup one', 'backup two'], { fields: { path: 'a' } });
    const partition = new Partition(OPTIONS);
    partition.adding(one).next();
    assert.deepEqual(partition.searchLexical('backup', NONE, 10), []);
    assert.deepEqual([partition.passageCount, partition.wasted], [0, 1]);
    partition.add(one);
    for (const again of [partition, new Partition(OPTIONS, atOnce(partition.storing()))]) {
      assert.deepEqual(places(again.searchLexical('backup', { path: () => true }, 10)), [
        `${one.key}-0`,
        `${one.key}-1`,
      ]);
      assert.deepEqual([again.passageCount, again.documentCount], [2, 1]);
    }
  });

  it('finds a document that was removed and added again, once', () => {
    const one = documentOf(keyOf(1), ['backup'], { fields: { path: 'a' } });
    const partition = partitionOf([one]);
    partition.remove(one.key);
    assert.deepEqual(partition.searchLexical('backup', NONE, 10), []);
    partition.add(one);
    for (const again of [partition, new Partition(OPTIONS, atOnce(partition.storing()))]) {
      assert.equal(again.searchLexical('backup', NONE, 10).length, 1);
      assert.equal(again.searchLexical('backup', { path: (value) => value === 'a' }, 10).length, 1);
      assert.equal(again.searchDense(vectorOf(seededRandom(1)), NONE, 10).length, 1);
      assert.equal(again.documentCount, 1);
    }
  });

  it('scores passages by name: 0 or NaN for one that is gone, unknown or without vector', () => {
    const zero = { headings: [], body: 'backup', vector: quantise(new Float32Array(16)) };
    const partition = partitionOf([
      documentOf(keyOf(1), ['backup', 'coffee']),
      documentOf(keyOf(2), ['backup']),
      documentOf(keyOf(3), [], { passages: [zero] }),
    ]);
    partition.remove(keyOf(2));
    const refs = [
      { key: keyOf(2), ordinal: 0 },
      { key: keyOf(1), ordinal: 0 },
      { key: keyOf(1), ordinal: 1 },
      { key: keyOf(1), ordinal: 2 },
      { key: keyOf(9), ordinal: 0 },
      { key: keyOf(3), ordinal: 0 },
    ];
    const query = vectorOf(seededRandom(1));
    const lexical = partition.scoreLexical('backup', refs);
    const best = partition.searchLexical('backup', NONE, 10);
    assert.deepEqual(
      [...lexical].map((score) => score > 0),
      [false, true, false, false, false, true],
    );
    assert.equal(lexical[1], best.find(({ key }) => key === keyOf(1))?.score);
    const cosines = [...partition.scoreDense(query, refs)];
    assert.deepEqual(cosines.map(Number.isNaN), [true, false, false, true, true, true]);
    assert.ok(Math.abs((cosines[1] ?? 0) - 1) < 0.01);
  });

  it('reads a query in the languages that it holds, the commonest first', () => {
    const partition = partitionOf([
      documentOf(keyOf(1), ['Die Sicherungen laufen nachts'], { language: 'de' }),
      documentOf(keyOf(2), ['Sauvegardes chaque nuit'], { language: 'fr' }),
    ]);
    assert.equal(partition.searchLexical('Sicherung', NONE, 10).length, 1);
    assert.equal(partition.searchLexical('sauvegarde', NONE, 10).length, 1);
  });

  it('holds a document without passages, alone too', () => {
    const partition = partitionOf([documentOf(keyOf(1), [])]);
    const loaded = new Partition(OPTIONS, atOnce(partition.storing()));
    assert.equal(loaded.documentCount, 1);
    loaded.remove(keyOf(1));
    assert.equal(new Partition(OPTIONS, atOnce(loaded.storing())).documentCount, 0);
  });

  it('goes on as one that was never stored', () => {
    const random = seededRandom(22);
    const words = ['backup', 'restore', 'coffee', 'camelCase', 'v1.2.3', 'server'] as const;
    const make = (number: number): DocumentInput =>
      documentOf(
        keyOf(number),
        Array.from({ length: 1 + randomInteger(random, 3) }, () =>
          Array.from({ length: 6 }, () => randomItem(random, words)).join(' '),
        ),
        { fields: randomFields(random), language: number % 4 === 0 ? 'de' : 'en' },
      );
    let partition = new Partition(OPTIONS);
    const never = new Partition(OPTIONS);
    for (let number = 0; number < 150; number++) {
      const one = make(number);
      for (const each of [partition, never]) {
        each.add(one);
        if (number % 3 === 0) each.remove(keyOf(number / 3));
      }
      if (number % 10 === 0) partition = new Partition(OPTIONS, atOnce(partition.storing()));
    }
    for (const query of ['backup server', 'camelCase restore', 'v1.2.3'])
      assert.deepEqual(partition.searchLexical(query, NONE, 40), never.searchLexical(query, NONE, 40));
    const vector = vectorOf(random);
    assert.deepEqual(partition.searchDense(vector, NONE, 40), never.searchDense(vector, NONE, 40));
    assert.deepEqual([...partition.documents()], [...never.documents()]);
    assert.deepEqual(atOnce(partition.storing()), atOnce(never.storing()));
  });
});
