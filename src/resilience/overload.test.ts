import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/random.ts';
import { SimulatedServer } from '../../test/simulation/simulated-server.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { Deadline } from './deadline.ts';
import { createDependency, type Dependency } from './dependency.ts';
import { ResilienceError } from './errors.ts';

const CAPACITY = 20;
const SERVICE_MS = 50;
const CAPACITY_PER_SECOND = (CAPACITY * 1000) / SERVICE_MS;

interface Seen {
  readonly latencies: number[];
  readonly refusals: ResilienceError[];
  readonly others: unknown[];
}

interface Rig {
  readonly time: SimulatedTime;
  readonly server: SimulatedServer;
  readonly dependency: Dependency;
  readonly random: () => number;
}

function rigOf(): Rig {
  const time = new SimulatedTime();
  const random = seededRandom(20_261_122);
  const serviceMs = (): number => SERVICE_MS * (0.7 + 0.6 * random());
  const server = new SimulatedServer({ time, capacity: CAPACITY, serviceMs });
  const limit = new AdaptiveLimit({ max: 500 });
  const settings = { queue: 10, maxWaitMs: 500, extraAttempts: 0 };
  return {
    time,
    server,
    random,
    dependency: createDependency('ollama_embedding', { time, limit, random, settings }),
  };
}

/** Calls that arrive at random moments, whatever becomes of the ones before, each with a deadline of 2 s. */
async function offer(rig: Rig, perSecond: number, seconds: number): Promise<Seen> {
  const seen: Seen = { latencies: [], refusals: [], others: [] };
  const end = rig.time.monotonic() + seconds * 1000;
  while (rig.time.monotonic() < end) {
    void one(rig, seen);
    await rig.time.advance((-Math.log(1 - rig.random()) * 1000) / perSecond);
  }
  return seen;
}

async function one({ time, server, dependency }: Rig, seen: Seen): Promise<void> {
  using deadline = new Deadline({ afterMs: 2000, time });
  const began = time.monotonic();
  try {
    await dependency.foreground.execute(server.call, deadline.signal);
    seen.latencies.push(time.monotonic() - began);
  } catch (error) {
    if (error instanceof ResilienceError) seen.refusals.push(error);
    else seen.others.push(error);
  }
}

function p99(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(0.99 * values.length)] ?? Number.NaN;
}

test('at three times the capacity for 60 s goodput and latency hold, and recover at once (R15)', async (context) => {
  const rig = rigOf();
  await offer(rig, CAPACITY_PER_SECOND / 2, 30);
  const unloaded = await offer(rig, CAPACITY_PER_SECOND / 2, 20);
  const overloaded = await offer(rig, CAPACITY_PER_SECOND * 3, 60);
  const after = await offer(rig, CAPACITY_PER_SECOND / 2, 5);
  const goodput = overloaded.latencies.length / 60 / CAPACITY_PER_SECOND;
  const figures = [unloaded, overloaded, after].map((seen) => p99(seen.latencies).toFixed(0));
  context.diagnostic(`goodput ${(100 * goodput).toFixed(1)} %, p99 ${figures.join(' -> ')} ms`);
  assert.ok(goodput >= 0.9, `${goodput}`);
  assert.ok(p99(overloaded.latencies) <= 2 * p99(unloaded.latencies), figures.join(' '));
  assert.ok(p99(after.latencies) <= 1.2 * p99(unloaded.latencies), figures.join(' '));
  assert.ok(after.refusals.length < 10, `${after.refusals.length} refused after`);
  assert.deepEqual(overloaded.others, []);
  assert.ok(
    overloaded.refusals.every(({ kind, retryAfterMs }) => kind === 'bulkhead_full' && retryAfterMs !== null),
  );
  assert.equal(rig.dependency.breaker.state, 'closed');
});
