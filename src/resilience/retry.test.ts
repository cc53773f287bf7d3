import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/random.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { fullJitterMs } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { RetryBudget } from './retry-budget.ts';
import { Retry, type RetryOptions } from './retry.ts';

const NEVER = new AbortController().signal;

interface Rig {
  readonly time: SimulatedTime;
  readonly retry: Retry;
  /** Moments at which tries began. */
  readonly tries: number[];
  /** Work that fails with these errors in turn, then works. */
  failing(...errors: readonly object[]): () => Promise<string>;
}

/** A budget that is full, and a jitter that draws half of the bound. */
function rigOf(options: RetryOptions = {}): Rig {
  const time = new SimulatedTime();
  const budget = new RetryBudget({ time, perSecond: 1000 });
  time.jump(1000);
  const tries: number[] = [];
  return {
    time,
    retry: new Retry({ time, budget, random: () => 0.5, ...options }),
    tries,
    failing(...errors) {
      const left = [...errors];
      return async () => {
        tries.push(time.monotonic() - 1000);
        const error = left.shift();
        if (error !== undefined) throw Object.assign(new Error('failed'), error);
        return 'answer';
      };
    },
  };
}

const DOWN = { failure: 'unreachable' };

test('tries twice more at most, after pauses that double', async () => {
  const rig = rigOf();
  assert.equal(await rig.time.until(rig.retry.execute(rig.failing(DOWN, DOWN), NEVER)), 'answer');
  assert.deepEqual(rig.tries, [0, 25, 75]);
  await assert.rejects(rig.time.until(rig.retry.execute(rig.failing(DOWN, DOWN, DOWN), NEVER)), /failed/);
  assert.equal(rig.tries.length, 6);
});

test('tells the work the number of the try', async () => {
  const rig = rigOf();
  const seen: number[] = [];
  const work = (_: AbortSignal, attempt: number): Promise<never> => {
    seen.push(attempt);
    return Promise.reject(Object.assign(new Error('x'), DOWN));
  };
  await rig.time.until(rig.retry.execute(work, NEVER).catch(() => undefined));
  assert.deepEqual(seen, [0, 1, 2]);
});

test('does not retry what the table forbids', async () => {
  for (const failure of ['timeout', 'unusable', 'unauthorized', 'unknown_model', 'rejected']) {
    const rig = rigOf();
    await assert.rejects(rig.time.until(rig.retry.execute(rig.failing({ failure }), NEVER)), { failure });
    assert.equal(rig.tries.length, 1, failure);
  }
});

test('does not retry against an open breaker', async () => {
  const rig = rigOf();
  await assert.rejects(
    rig.retry.run(rig.failing(DOWN), NEVER, () => false),
    /failed/,
  );
  assert.equal(rig.tries.length, 1);
});

test('honours Retry-After within a second (R11)', async () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const rig = rigOf({ random });
    const busy = { failure: 'overloaded', retryAfterMs: 3000 };
    await rig.time.until(rig.retry.execute(rig.failing(busy, busy), NEVER));
    for (const [index, began] of rig.tries.entries()) {
      const due = (rig.tries[index - 1] ?? -3000) + 3000;
      assert.ok(began >= due && began <= due + 1000, `${began} for ${due}`);
    }
  }
});

test('does not wait for a Retry-After that is too long', async () => {
  const rig = rigOf();
  const busy = { failure: 'overloaded', retryAfterMs: 10_001 };
  await assert.rejects(rig.retry.execute(rig.failing(busy), NEVER), { retryAfterMs: 10_001 });
  assert.equal(rig.time.pendingTimers, 0);
});

test('does not pause beyond the deadline', async () => {
  const rig = rigOf();
  using deadline = new Deadline({ afterMs: 44, time: rig.time });
  await assert.rejects(rig.retry.execute(rig.failing(DOWN), deadline.signal), /failed/);
  using longer = new Deadline({ afterMs: 45, time: rig.time });
  assert.equal(await rig.time.until(rig.retry.execute(rig.failing(DOWN), longer.signal)), 'answer');
});

test('an abort ends the pause, and leaves nothing behind', async () => {
  const rig = rigOf();
  const caller = new AbortController();
  const result = assert.rejects(
    rig.retry.execute(rig.failing(DOWN), caller.signal),
    (reason) => reason === 'gone',
  );
  await rig.time.advance(10);
  caller.abort('gone');
  await result;
  assert.equal(rig.time.pendingTimers, 0);
  await assert.rejects(rig.retry.execute(rig.failing(DOWN), caller.signal), /failed/);
});

test('retries stay under 15 % of a load of 60 calls a second that all fail (R10)', async (context) => {
  const time = new SimulatedTime();
  const retry = new Retry({ time, random: seededRandom(7) });
  let attempts = 0;
  const work = (): Promise<never> => {
    attempts++;
    return Promise.reject(Object.assign(new Error('x'), DOWN));
  };
  const offered = 60 * 60;
  for (let call = 0; call < offered; call++) {
    retry.execute(work, NEVER).catch(() => undefined);
    await time.advance(1000 / 60);
  }
  await time.advance(5000);
  context.diagnostic(`attempts x${(attempts / offered).toFixed(4)} of the offered load`);
  assert.ok(attempts <= offered * 1.15, `${attempts / offered}`);
  assert.ok(attempts >= offered * 1.1, `${attempts / offered}`);
});

test('the budget gives rare calls three retries a second, saves up to its capacity and starts empty', () => {
  const time = new SimulatedTime();
  const budget = new RetryBudget({ time });
  assert.equal(budget.tryWithdraw(), false);
  time.jump(1000);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => budget.tryWithdraw()),
    [true, true, true, false],
  );
  time.jump(3_600_000);
  let saved = 0;
  while (budget.tryWithdraw()) saved++;
  assert.equal(saved, 10);
  for (let call = 0; call < 11; call++) budget.deposit();
  assert.deepEqual([budget.tryWithdraw(), budget.tryWithdraw()], [true, false]);
});

test('the jitter is uniform from zero to the bound: Kolmogorov-Smirnov over 10,000 draws (R11)', () => {
  const random = seededRandom(20_261_122);
  const settings = { baseMs: 50, maxMs: 1000 };
  for (const [retry, boundMs] of [50, 100, 200, 400, 800, 1000, 1000].entries()) {
    const draws = Array.from({ length: 10_000 }, () => fullJitterMs(retry, settings, random) / boundMs);
    draws.sort((left, right) => left - right);
    const distance = Math.max(
      ...draws.map((draw, index) =>
        Math.max(Math.abs(draw - index / 10_000), Math.abs(draw - (index + 1) / 10_000)),
      ),
    );
    // The critical distance at the level of 1 %: 1.628 / sqrt(n).
    assert.ok(distance < 0.016_28, `${distance} for retry ${retry}`);
  }
});

test('works with defaults, and refuses numbers out of bounds', async () => {
  assert.equal(await new Retry().execute(async () => 1, NEVER), 1);
  assert.throws(() => new Retry({ extraAttempts: 3 }), /extraAttempts must be an integer from 0 to 2, got 3/);
  assert.throws(() => new Retry({ baseMs: 100, maxMs: 50 }), /maxMs .* got 50/);
  assert.throws(() => new RetryBudget({ ratio: 2 }), /ratio .* got 2/);
});
