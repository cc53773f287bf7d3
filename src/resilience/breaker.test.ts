import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import type { BreakerSettings } from './breaker-options.ts';
import type { Transition } from './breaker-state.ts';
import { Breaker, type BreakerCall } from './breaker.ts';
import type { Outcome } from './classify.ts';

const SETTINGS: BreakerSettings = {
  bucketMs: 1000,
  buckets: 10,
  minCalls: 10,
  failureRatio: 0.5,
  slowMs: 500,
  slowRatio: 0.8,
  consecutiveFailures: 5,
  consecutiveSlow: 10,
  openMs: 5000,
  maxOpenMs: 60_000,
  probes: 3,
  goodProbes: 2,
  probeTimeoutMs: 3000,
};

interface Rig {
  readonly time: SimulatedTime;
  readonly breaker: Breaker;
  readonly changes: string[];
  /** One call of `ms`. */
  call(outcome: Outcome, ms?: number): void;
}

/** A breaker whose jitter always draws the whole open time. */
function rigOf(settings: Partial<BreakerSettings> = {}, random: () => number = () => 0): Rig {
  const time = new SimulatedTime();
  const breaker = new Breaker({ ...SETTINGS, ...settings, name: 'ollama_embedding', time, random });
  const changes: string[] = [];
  breaker.onTransition(({ from, to, reason }) => changes.push(`${from}>${to} ${reason}`));
  return {
    time,
    breaker,
    changes,
    call(outcome, ms = 0) {
      const call = breaker.begin();
      time.jump(ms);
      call.end(outcome);
    },
  };
}

function opened(settings: Partial<BreakerSettings> = {}): Rig {
  const rig = rigOf(settings);
  for (let call = 0; call < 5; call++) rig.call('failure');
  assert.equal(rig.breaker.state, 'open');
  return rig;
}

function halfOpen(
  settings: Partial<BreakerSettings> = {},
): Rig & { readonly probes: readonly BreakerCall[] } {
  const rig = opened(settings);
  rig.time.jump(5000);
  const probes = [rig.breaker.begin(), rig.breaker.begin(), rig.breaker.begin()];
  assert.equal(rig.breaker.state, 'half_open');
  return { ...rig, probes };
}

test('opens after five failures in a row, whatever the volume', () => {
  const { breaker, call, changes } = rigOf();
  for (const outcome of ['failure', 'failure', 'failure', 'failure', 'success'] as const) call(outcome);
  for (let failure = 0; failure < 4; failure++) call('failure');
  assert.equal(breaker.snapshot().consecutiveFailures, 4);
  assert.equal(breaker.state, 'closed');
  call('failure');
  assert.deepEqual(changes, ['closed>open consecutive_failures']);
});

test('opens at half of at least ten completed calls', () => {
  const { breaker, call, changes } = rigOf();
  for (let pair = 0; pair < 4; pair++) {
    call('success');
    call('failure');
  }
  call('success');
  assert.equal(breaker.state, 'closed');
  call('failure');
  assert.deepEqual(changes, ['closed>open failure_ratio']);
});

test('calls that still run are not in the denominator', () => {
  const { breaker, call } = rigOf({ consecutiveFailures: 1000 });
  for (let running = 0; running < 100; running++) breaker.begin();
  for (let failure = 0; failure < 10; failure++) call('failure');
  assert.equal(breaker.state, 'open');
});

test('opens when four of five calls are slow, though they succeed', () => {
  const { call, changes } = rigOf();
  for (const outcome of ['success', 'success'] as const) call(outcome, 10);
  for (let slow = 0; slow < 7; slow++) call('success', 500);
  assert.deepEqual(changes, []);
  call('success', 500);
  assert.deepEqual(changes, ['closed>open slow_ratio']);
});

test('opens after ten slow calls in a row, however many were good before', () => {
  const { call, changes } = rigOf();
  for (let good = 0; good < 1000; good++) call('success');
  for (let slow = 0; slow < 9; slow++) call('success', 500);
  call('success');
  for (let slow = 0; slow < 9; slow++) call('success', 500);
  assert.deepEqual(changes, []);
  call('success', 500);
  assert.deepEqual(changes, ['closed>open consecutive_slow']);
});

test('a duration that is told decides whether a call is slow, such as the time to the first token', () => {
  const { breaker, time } = rigOf();
  for (let stream = 0; stream < 20; stream++) {
    const call = breaker.begin();
    time.jump(900);
    call.end('success', 100);
  }
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.snapshot().window.slow, 0);
});

test('forgets what is older than the window', () => {
  const { breaker, call, time } = rigOf({ consecutiveFailures: 1000 });
  for (let failure = 0; failure < 9; failure++) call('failure');
  time.jump(9000);
  assert.deepEqual(breaker.snapshot().window, { completed: 9, failed: 9, slow: 0 });
  time.jump(1000);
  assert.deepEqual(breaker.snapshot().window, { completed: 0, failed: 0, slow: 0 });
  call('failure');
  assert.equal(breaker.state, 'closed');
});

test('ignored calls and pushback change nothing', () => {
  const { breaker, call } = rigOf();
  for (let round = 0; round < 50; round++) {
    call('ignored', 1000);
    call('pushback', 1000);
  }
  assert.equal(breaker.state, 'closed');
  assert.deepEqual(breaker.snapshot().window, { completed: 0, failed: 0, slow: 0 });
  assert.equal(breaker.snapshot().totals.pushbacks, 50);
});

test('while open it refuses at once and says when to come back', () => {
  const { breaker, time } = opened();
  time.jump(2000);
  assert.throws(() => breaker.begin(), {
    name: 'BreakerOpenError',
    kind: 'breaker_open',
    breaker: 'ollama_embedding',
    retryAfterMs: 3000,
    message: 'The breaker ollama_embedding is open',
  });
  assert.equal(breaker.check()?.retryAfterMs, 3000);
  assert.equal(breaker.snapshot().totals.rejected, 2);
});

test('the open time is drawn from zero to a bound that doubles up to its maximum', () => {
  const rig = rigOf({}, () => 0.25);
  const waits: number[] = [];
  for (let round = 0; round < 6; round++) {
    while (rig.breaker.check() === null) rig.call('failure');
    waits.push(rig.breaker.snapshot().retryAfterMs);
    rig.time.jump(60_000);
  }
  assert.deepEqual(waits, [3750, 7500, 15_000, 30_000, 45_000, 45_000]);
});

test('the open time starts over after one maximum of health', () => {
  const { breaker, call, time, probes } = halfOpen();
  for (const probe of probes) probe.end('success');
  time.jump(59_999);
  for (let failure = 0; failure < 5; failure++) call('failure');
  assert.equal(breaker.snapshot().retryAfterMs, 10_000);
  time.jump(10_000);
  for (const probe of [breaker.begin(), breaker.begin()]) probe.end('success');
  time.jump(60_000);
  for (let failure = 0; failure < 5; failure++) call('failure');
  assert.equal(breaker.snapshot().retryAfterMs, 5000);
});

test('half open it lets three probes go and no more', () => {
  const { breaker, time } = halfOpen();
  time.jump(1000);
  assert.equal(breaker.check()?.retryAfterMs, 2000);
  assert.throws(() => breaker.begin(), {
    message: 'The breaker ollama_embedding is half_open',
    retryAfterMs: 2000,
  });
});

test('two good probes of three close it', () => {
  const { breaker, probes, changes } = halfOpen();
  probes[0]?.end('success');
  probes[1]?.end('failure');
  assert.equal(breaker.state, 'half_open');
  probes[2]?.end('success');
  assert.deepEqual(changes.slice(1), ['open>half_open open_time_over', 'half_open>closed probes_good']);
});

test('two bad probes of three open it again', () => {
  const { probes, changes } = halfOpen();
  probes[0]?.end('failure');
  probes[1]?.end('success');
  probes[2]?.end('failure');
  assert.equal(changes.at(-1), 'half_open>open probes_bad');
});

test('a slow probe is a bad one', () => {
  const { breaker, probes, time } = halfOpen();
  time.jump(500);
  probes[0]?.end('success');
  probes[1]?.end('success');
  assert.equal(breaker.state, 'open');
});

test('a probe that says nothing gives its slot back', () => {
  const { breaker, probes } = halfOpen();
  probes[0]?.end('ignored');
  probes[1]?.end('pushback');
  const more = [breaker.begin(), breaker.begin()];
  assert.throws(() => breaker.begin(), /half_open/);
  for (const probe of more) probe.end('success');
  assert.equal(breaker.state, 'closed');
});

test('a probe that does not end in time counts as bad', () => {
  const { breaker, probes, time, changes } = halfOpen();
  time.jump(3000);
  assert.equal(breaker.check(), null);
  assert.throws(() => breaker.begin(), /is open/);
  assert.equal(changes.at(-1), 'half_open>open probes_bad');
  for (const probe of probes) probe.end('success');
  assert.equal(breaker.state, 'open');
});

test('results of calls that began before a transition change nothing', () => {
  const rig = rigOf();
  const old = Array.from({ length: 20 }, () => rig.breaker.begin());
  for (let failure = 0; failure < 5; failure++) rig.call('failure');
  for (const call of old.slice(0, 6)) call.end('success');
  assert.equal(rig.breaker.state, 'open');
  rig.time.jump(5000);
  const probes = [rig.breaker.begin(), rig.breaker.begin()];
  for (const call of old.slice(6, 12)) call.end('failure');
  assert.equal(rig.breaker.state, 'half_open');
  for (const probe of probes) probe.end('success');
  for (const call of old.slice(12)) call.end('failure');
  assert.equal(rig.breaker.state, 'closed');
  assert.equal(rig.breaker.snapshot().window.completed, 0);
});

test('a call ends once', () => {
  const { breaker } = rigOf();
  const call = breaker.begin();
  for (let again = 0; again < 10; again++) call.end('failure');
  assert.equal(breaker.snapshot().totals.failures, 1);
});

test('an operator forces it open, closed, and gives it back', () => {
  const { breaker, call, changes } = rigOf();
  breaker.force('forced_open');
  breaker.force('forced_open');
  assert.throws(() => breaker.begin(), { message: /forced_open/, retryAfterMs: 60_000 });
  assert.equal(breaker.snapshot().mode, 'forced_open');
  breaker.force('closed');
  for (let failure = 0; failure < 20; failure++) call('failure');
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.snapshot().mode, 'closed');
  assert.equal(breaker.snapshot().window.failed, 20);
  breaker.force('auto');
  assert.equal(breaker.snapshot().window.failed, 0);
  for (let failure = 0; failure < 5; failure++) call('failure');
  assert.deepEqual(changes, [
    'closed>forced_open operator',
    'forced_open>closed operator',
    'closed>closed operator',
    'closed>open consecutive_failures',
  ]);
  breaker.force('auto');
  assert.equal(breaker.state, 'open');
});

test('disabled it lets everything through, counts nothing and cannot be forced', () => {
  const time = new SimulatedTime();
  const breaker = new Breaker({ ...SETTINGS, name: 'qdrant_search', isDisabled: true, time });
  for (let failure = 0; failure < 20; failure++) breaker.begin().end('failure');
  assert.equal(breaker.check(), null);
  assert.equal(breaker.state, 'disabled');
  assert.equal(breaker.snapshot().totals.failures, 0);
  assert.throws(() => breaker.force('forced_open'), { kind: 'breaker_disabled', message: /qdrant_search/ });
});

test('the snapshot shows state, window and totals', () => {
  const { breaker, time } = opened();
  const since = time.now();
  time.jump(1000);
  assert.deepEqual(breaker.snapshot(), {
    name: 'ollama_embedding',
    state: 'open',
    mode: 'auto',
    since,
    retryAfterMs: 4000,
    reason: 'consecutive_failures',
    window: { completed: 0, failed: 0, slow: 0 },
    consecutiveFailures: 0,
    totals: { successes: 0, failures: 5, ignored: 0, pushbacks: 0, slow: 0, rejected: 0, opened: 1 },
  });
});

test('listeners hear each change until they are removed, and cannot break a call', () => {
  const { breaker } = rigOf();
  const heard: Transition[] = [];
  breaker.onTransition(() => {
    throw new Error('broken listener');
  });
  const remove = breaker.onTransition((transition) => heard.push(transition));
  breaker.force('forced_open');
  remove();
  breaker.force('auto');
  assert.equal(heard.length, 1);
  assert.equal(heard[0]?.breaker, 'ollama_embedding');
});

test("runs on the machine's time and chance", () => {
  const breaker = new Breaker({ ...SETTINGS, name: 'x' });
  for (let failure = 0; failure < 5; failure++) breaker.begin().end('failure');
  const { retryAfterMs } = breaker.snapshot();
  assert.ok(retryAfterMs >= 0 && retryAfterMs <= 5000);
});

test('refuses settings out of bounds, with the value', () => {
  const bad: readonly (readonly [Partial<BreakerSettings>, RegExp])[] = [
    [{ failureRatio: 0 }, /failureRatio must be a number from .* to 1, got 0/],
    [{ slowRatio: 1.5 }, /slowRatio .* got 1.5/],
    [{ minCalls: 2.5 }, /minCalls must be an integer from 1 to 1000000, got 2.5/],
    [{ maxOpenMs: 10 }, /maxOpenMs must be a number from 5000 to 2147483647, got 10/],
    [{ goodProbes: 4 }, /goodProbes must be an integer from 1 to 3, got 4/],
    [{ buckets: 0 }, /buckets .* got 0/],
    [{ bucketMs: Number.NaN }, /bucketMs .* got NaN/],
  ];
  for (const [settings, message] of bad) {
    assert.throws(() => rigOf(settings), { name: 'RangeError', message });
  }
});
