import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError } from '../../core/errors.ts';
import { equalityCondition, parseFilter, parseFilterText } from './filter.ts';

function problemsOf(run: () => unknown): readonly { name: string; detail: string }[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'invalid_filter');
    return error.problems;
  }
  return assert.fail('nothing was thrown');
}

function fields(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]));
}

describe('parseFilter', () => {
  it('reads every kind of condition', () => {
    assert.deepEqual(
      parseFilter({
        lang: 'en',
        year: 2024,
        draft: false,
        tag: ['a', 'b'],
        team: { any: ['x', 1, true] },
        size: { gte: 10, lt: 20 },
        day: { gt: '2024-01-01', lte: '2024-12-31' },
        path: { prefix: 'docs/guides' },
      }),
      {
        lang: { kind: 'equals', value: 'en' },
        year: { kind: 'equals', value: 2024 },
        draft: { kind: 'equals', value: false },
        tag: { kind: 'any', values: ['a', 'b'] },
        team: { kind: 'any', values: ['x', 1, true] },
        size: { kind: 'range', gte: 10, lt: 20 },
        day: { kind: 'range', gt: '2024-01-01', lte: '2024-12-31' },
        path: { kind: 'prefix', prefix: 'docs/guides' },
      },
    );
  });

  it('reads an empty object as no condition', () => {
    assert.deepEqual(parseFilter({}), {});
  });

  for (const value of ['text', 1, null, [], ['a'], true]) {
    it(`refuses ${JSON.stringify(value)} in place of an object`, () => {
      assert.match(problemsOf(() => parseFilter(value))[0]?.detail ?? '', /Expected an object, got/);
    });
  }

  for (const condition of [
    null,
    {},
    [],
    { any: [] },
    { near: 1 },
    { any: [null] },
    { gte: true },
    { prefix: 1 },
    [[1]],
  ]) {
    it(`refuses the condition ${JSON.stringify(condition)} and names its field`, () => {
      const [problem] = problemsOf(() => parseFilter({ year: condition }));
      assert.match(problem?.name ?? '', /^filter\.year/);
    });
  }

  it('names every bad field at once', () => {
    const problems = problemsOf(() => parseFilter({ a: null, b: 1, c: {} }));
    assert.deepEqual(
      problems.map(({ name }) => name),
      ['filter.a', 'filter.c'],
    );
  });

  it('refuses numbers that JSON cannot hold', () => {
    problemsOf(() => parseFilter({ year: Number.NaN }));
  });

  it('allows 32 fields and refuses 33', () => {
    assert.equal(Object.keys(parseFilter(fields(32))).length, 32);
    assert.match(problemsOf(() => parseFilter(fields(33)))[0]?.detail ?? '', /at most 32 fields/);
  });

  it('allows 1,000 values in all and refuses one more', () => {
    const values = Array.from({ length: 500 }, (_, index) => index);
    assert.equal(Object.keys(parseFilter({ a: values, b: { any: values } })).length, 2);
    assert.match(
      problemsOf(() => parseFilter({ a: values, b: { any: values }, c: 1 }))[0]?.detail ?? '',
      /at most 1000 values/,
    );
  });
});

describe('parseFilterText', () => {
  it('reads JSON', () => {
    assert.deepEqual(parseFilterText('{"lang":"de"}'), { lang: { kind: 'equals', value: 'de' } });
  });

  it('refuses what is not JSON and repeats it', () => {
    assert.match(problemsOf(() => parseFilterText('lang=de'))[0]?.detail ?? '', /"lang=de"/);
  });

  it('takes a field called __proto__ for nothing but a field', () => {
    const filter = parseFilterText('{"__proto__":{"any":["x"]}}');
    assert.equal(Object.getPrototypeOf(filter), Object.prototype);
  });
});

describe('equalityCondition', () => {
  it('compares a plain word as text', () => {
    assert.deepEqual(equalityCondition(['en']), { kind: 'equals', value: 'en' });
  });

  it('matches the number and the text of a numeral, since a URL knows no types', () => {
    assert.deepEqual(equalityCondition(['2024']), { kind: 'any', values: ['2024', 2024] });
  });

  it('keeps a numeral with leading zeros a text', () => {
    assert.deepEqual(equalityCondition(['007']), { kind: 'equals', value: '007' });
  });

  it('matches any of several values', () => {
    assert.deepEqual(equalityCondition(['a', 'true']), { kind: 'any', values: ['a', 'true', true] });
  });
});
