import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetadataScalar } from '../documents/document.ts';
import { matches, type FieldCondition } from './filter.ts';

const CASES: readonly (readonly [
  condition: FieldCondition,
  holds: readonly MetadataScalar[],
  fails: readonly MetadataScalar[],
])[] = [
  [{ kind: 'equals', value: 1 }, [1], ['1', true, 2]],
  [{ kind: 'equals', value: '' }, [''], ['a', false, 0]],
  [{ kind: 'equals', value: true }, [true], ['true', 1, false]],
  [{ kind: 'any', values: [1, 'b'] }, [1, 'b'], ['1', 2, 'a']],
  [{ kind: 'any', values: [] }, [], [1, 'a', true]],
  [{ kind: 'range', gte: 1, lt: 3 }, [1, 2, 2.99], [0.99, 3, '2', true]],
  [{ kind: 'range', gt: 1 }, [1.01, Infinity], [1, '2']],
  [{ kind: 'range', lte: '2024-02' }, ['2024-01-31', '2024-02', ''], ['2024-02-01', 2024]],
  [{ kind: 'range', gte: 1, lte: 'b' }, [], [1, 'a']],
  [{ kind: 'range' }, [1, 'a', true], []],
  [{ kind: 'prefix', prefix: 'a/b' }, ['a/b', 'a/b/c'], ['a/bc', 'a', 'x/a/b', 1]],
  [{ kind: 'prefix', prefix: 'a/b/' }, ['a/b/c', 'a/b/'], ['a/b', 'a/bc']],
  [{ kind: 'prefix', prefix: '' }, ['', 'a'], [1, true]],
];

describe('a condition of a filter', () => {
  for (const [condition, holds, fails] of CASES)
    it(`holds for values of its own type alone: ${JSON.stringify(condition)}`, () => {
      for (const value of holds) assert.equal(matches(condition, value), true, JSON.stringify(value));
      for (const value of fails) assert.equal(matches(condition, value), false, JSON.stringify(value));
    });
});
