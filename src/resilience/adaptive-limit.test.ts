import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/random.ts';
import { SimulatedServer } from '../../test/simulation/simulated-server.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import type { LimitSample } from './concurrency-limit.ts';

const NEVER = new AbortController().signal;

interface Rig {
  readonly time: SimulatedTime;
  readonly server: SimulatedServer;
  readonly limit: AdaptiveLimit;
  active: number;
}

/** A server of 50 ms +- 30 %, and callers that always use the whole limit. */
function rigOf(capacity: number, seed: number): Rig {
  const time = new SimulatedTime();
  const random = seededRandom(seed);
  const server = new SimulatedServer({ time, capacity, serviceMs: () => 50 * (0.7 + 0.6 * random()) });
  return { time, server, limit: new AdaptiveLimit(), active: 0 };
}

function fill(rig: Rig): void {
  while (rig.active < rig.limit.current) {
    const inFlight = ++rig.active;
    void call(rig, inFlight, rig.time.monotonic());
  }
}

async function call(rig: Rig, inFlight: number, began: number): Promise<void> {
  await rig.server.call(NEVER);
  rig.active--;
  const now = rig.time.monotonic();
  rig.limit.record({ outcome: 'success', durationMs: now - began, inFlight, now });
  fill(rig);
}

/** The limits that were found in each tenth of a second. */
async function saturate(rig: Rig, seconds: number): Promise<readonly number[]> {
  const limits: number[] = [];
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    fill(rig);
    await rig.time.advance(100);
    limits.push(rig.limit.estimate);
  }
  return limits;
}

for (const [capacity, seed] of [
  [10, 1],
  [10, 2],
  [20, 3],
] as const) {
  test(`finds a capacity of ${capacity} within 30 s, and after steps to ten times and back (R14, seed ${seed})`, async () => {
    const rig = rigOf(capacity, seed);
    for (const step of [capacity, capacity * 10, capacity]) {
      rig.server.capacity = step;
      await saturate(rig, 28);
      const limits = (await saturate(rig, 4)).toSorted((left, right) => left - right);
      const median = limits[limits.length >> 1] ?? Number.NaN;
      assert.ok(median >= 0.9 * step && median <= 1.1 * step, `${median} for ${step}`);
    }
  });
}

test('takes a server that has become slower for slower, not for full', async () => {
  const time = new SimulatedTime();
  const random = seededRandom(5);
  let meanMs = 50;
  const server = new SimulatedServer({
    time,
    capacity: 20,
    serviceMs: () => meanMs * (0.8 + 0.4 * random()),
  });
  const rig: Rig = { time, server, limit: new AdaptiveLimit(), active: 0 };
  await saturate(rig, 30);
  meanMs = 150;
  await saturate(rig, 40);
  assert.ok(rig.limit.unqueuedMs > 130 && rig.limit.unqueuedMs < 170, `${rig.limit.unqueuedMs}`);
  assert.ok(rig.limit.estimate >= 18 && rig.limit.estimate <= 22, `${rig.limit.estimate}`);
});

/** Windows of calls that each last `durationMs`, with `inFlight` at once. */
function feed(limit: AdaptiveLimit, now: number, sample: Omit<LimitSample, 'now'>): number {
  for (let call = 0; call < 60; call++) limit.record({ ...sample, now: now + sample.durationMs + call * 10 });
  return now + sample.durationMs + 600;
}

test('does not grow while its slots are not used', () => {
  const limit = new AdaptiveLimit({ initial: 20 });
  let now = 0;
  for (let round = 0; round < 50; round++) {
    now = feed(limit, now, { outcome: 'success', durationMs: 50, inFlight: 3 });
  }
  assert.equal(limit.estimate, 20);
});

test('falls by a tenth a window while the server pushes back', () => {
  const limit = new AdaptiveLimit({ initial: 100 });
  let now = feed(limit, 0, { outcome: 'success', durationMs: 50, inFlight: 70 });
  const before = limit.estimate;
  for (let round = 0; round < 5; round++) {
    now = feed(limit, now, { outcome: 'pushback', durationMs: 5, inFlight: 100 });
  }
  assert.ok(limit.estimate < before * 0.6, `${before} -> ${limit.estimate}`);
});

test('a failure counts as overload only when it took long', () => {
  const quick = new AdaptiveLimit({ initial: 100 });
  let now = feed(quick, 0, { outcome: 'success', durationMs: 50, inFlight: 70 });
  const before = quick.estimate;
  now = feed(quick, now, { outcome: 'failure', durationMs: 5, inFlight: 100 });
  assert.ok(quick.estimate >= before);
  feed(quick, now, { outcome: 'failure', durationMs: 500, inFlight: 100 });
  assert.ok(quick.estimate < before);
});

test('stays within its bounds', async () => {
  const time = new SimulatedTime();
  const server = new SimulatedServer({ time, capacity: 50, serviceMs: () => 20 });
  const rig: Rig = { time, server, limit: new AdaptiveLimit({ max: 8 }), active: 0 };
  assert.equal(Math.max(...(await saturate(rig, 20))), 8);
});

test('refuses numbers out of bounds', () => {
  assert.throws(() => new AdaptiveLimit({ initial: 0 }), /initial must be a number from 1 to 1000, got 0/);
  assert.throws(() => new AdaptiveLimit({ min: 10, max: 5 }), RangeError);
  assert.throws(() => new AdaptiveLimit({ windowMs: Number.NaN }), /NaN/);
});
