import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineOf } from '../resilience/deadline.ts';
import { startDeadline } from './request-deadline.ts';

const NEVER = new AbortController().signal;

function reserveOf(afterMs: number): number | undefined {
  using deadline = startDeadline(afterMs, NEVER);
  return deadlineOf(deadline.signal)?.reserveMs;
}

test('keeps a quarter of a short deadline, and half a second of a long one', () => {
  assert.deepEqual([20, 1000, 2000, 10_000, 60_000].map(reserveOf), [5, 250, 500, 500, 500]);
});
