import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from './collect-garbage.ts';

test('gives the memory of garbage back at once, and leaves the flags of V8 as they were', () => {
  let held: unknown[] | null = Array.from({ length: 400_000 }, (_, at) => [`text ${at}`]);
  const before = getHeapStatistics().total_physical_size;
  held = null;
  collectGarbage();
  const after = getHeapStatistics().total_physical_size;
  assert.ok(after < before / 2, `${before} bytes before, ${after} after, ${String(held)}`);
  assert.equal(typeof Reflect.get(globalThis, 'gc'), 'undefined');
});
