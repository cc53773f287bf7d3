import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { seededRandom } from '../../test/random.ts';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { Hedge } from './hedge.ts';
import { LatencyQuantile } from './latency-quantile.ts';

const NEVER = new AbortController().signal;

/** A hedge that has seen calls of 1 to 100 ms, and has tokens. */
async function seasoned(): Promise<{ time: SimulatedTime; hedge: Hedge }> {
  const time = new SimulatedTime();
  const hedge = new Hedge({ time, memory: 128, ratio: 1 });
  for (let call = 0; call < 128; call++) {
    await time.until(hedge.execute(() => time.sleep((call % 100) + 1), NEVER));
  }
  return { time, hedge };
}

test('starts a second call after the p95, gives its result and cancels the first', async () => {
  const { time, hedge } = await seasoned();
  const began = time.monotonic();
  const starts: number[] = [];
  const signals: AbortSignal[] = [];
  const work = async (signal: AbortSignal, attempt: number): Promise<string> => {
    starts.push(time.monotonic() - began);
    signals.push(signal);
    await time.sleep(attempt === 0 ? 1000 : 5);
    return `call ${attempt}`;
  };
  assert.equal(await time.until(hedge.execute(work, NEVER)), 'call 1');
  assert.deepEqual(starts, [0, hedge.delayMs]);
  assert.ok(hedge.delayMs >= 90 && hedge.delayMs <= 100, `${hedge.delayMs}`);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(signals[1]?.aborted, false, 'the winner may still be reading its body');
});

test('cancels the second call when the first is faster after all', async () => {
  const { time, hedge } = await seasoned();
  const signals: AbortSignal[] = [];
  const work = async (signal: AbortSignal, attempt: number): Promise<string> => {
    signals.push(signal);
    await time.sleep(attempt === 0 ? 120 : 1000);
    return `call ${attempt}`;
  };
  assert.equal(await time.until(hedge.execute(work, NEVER)), 'call 0');
  assert.deepEqual(
    signals.map((signal) => signal.aborted),
    [false, true],
  );
});

test('starts none when it may not, before it has seen 32 calls, or without a token', async () => {
  const { time, hedge } = await seasoned();
  let calls = 0;
  const slow = (): Promise<void> => {
    calls++;
    return time.sleep(1000);
  };
  await time.until(hedge.run(slow, NEVER, () => false));
  assert.equal(calls, 1);
  const fresh = new Hedge({ time });
  assert.ok(Number.isNaN(fresh.delayMs));
  await time.until(fresh.execute(slow, NEVER));
  assert.equal(calls, 2);
  const poor = new Hedge({ time, ratio: 0 });
  for (let call = 0; call < 40; call++) await time.until(poor.execute(() => time.sleep(1), NEVER));
  await time.until(poor.execute(slow, NEVER));
  assert.equal(calls, 3);
});

test('a call that fails early fails at once; after the second began the last failure counts', async () => {
  const { time, hedge } = await seasoned();
  await assert.rejects(
    hedge.execute(() => Promise.reject(new Error('early')), NEVER),
    /early/,
  );
  const failing = async (_: AbortSignal, attempt: number): Promise<never> => {
    await time.sleep(200);
    throw new Error(`call ${attempt}`);
  };
  await assert.rejects(time.until(hedge.execute(failing, NEVER)), /call 1/);
  const half = async (_: AbortSignal, attempt: number): Promise<string> => {
    await time.sleep(200);
    if (attempt === 0) throw new Error('call 0');
    return 'call 1';
  };
  assert.equal(await time.until(hedge.execute(half, NEVER)), 'call 1');
  assert.equal(time.pendingTimers, 0);
});

test('an abort reaches both calls', async () => {
  const { time, hedge } = await seasoned();
  const caller = new AbortController();
  const signals: AbortSignal[] = [];
  const hanging = (signal: AbortSignal): Promise<never> => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  const failed = assert.rejects(hedge.execute(hanging, caller.signal), (reason) => reason === 'gone');
  await time.advance(500);
  caller.abort('gone');
  await failed;
  assert.deepEqual(
    signals.map((signal) => signal.reason),
    ['gone', 'gone'],
  );
  await assert.rejects(hedge.execute(hanging, caller.signal), (reason) => reason === 'gone');
  assert.equal(getEventListeners(caller.signal, 'abort').length, 0);
});

interface Latencies {
  readonly p999: number;
  readonly calls: number;
}

/** Reads at 100 a second, of which one in a hundred takes a second. */
async function reads(count: number, isHedged: boolean): Promise<Latencies> {
  const time = new SimulatedTime();
  const random = seededRandom(11);
  const hedge = new Hedge({ time });
  let calls = 0;
  const read = (): Promise<void> => {
    calls++;
    return time.sleep(random() < 0.01 ? 1000 : 5 + 10 * random() * random());
  };
  const latencies: number[] = [];
  const once = async (): Promise<void> => {
    const began = time.monotonic();
    await (isHedged ? hedge.execute(read, NEVER) : read());
    latencies.push(time.monotonic() - began);
  };
  for (let query = 0; query < count; query++) {
    void once();
    await time.advance(10);
  }
  await time.advance(2000);
  const sorted = latencies.toSorted((left, right) => left - right);
  return { p999: sorted[Math.floor(0.999 * count)] ?? Number.NaN, calls };
}

test('with one call of a hundred at 1 s the p99.9 falls by 80 %, for 5 % more calls (R12)', async (context) => {
  const count = 50_000;
  const plain = await reads(count, false);
  const hedged = await reads(count, true);
  context.diagnostic(
    `p99.9 ${plain.p999.toFixed(0)} -> ${hedged.p999.toFixed(0)} ms, calls x${(hedged.calls / count).toFixed(4)}`,
  );
  assert.ok(hedged.p999 <= 0.2 * plain.p999, `${plain.p999} -> ${hedged.p999}`);
  assert.ok(hedged.calls <= count * 1.05, `${hedged.calls / count}`);
});

test('the quantile follows the last durations', () => {
  const quantile = new LatencyQuantile(0.95, 64);
  for (let value = 0; value < 31; value++) quantile.add(value);
  assert.ok(Number.isNaN(quantile.value));
  quantile.add(31);
  assert.equal(quantile.value, 30);
  for (let value = 0; value < 64; value++) quantile.add(1000);
  assert.equal(quantile.value, 1000);
});

test('refuses numbers out of bounds', () => {
  assert.throws(() => new Hedge({ quantile: 0.2 }), /quantile .* got 0.2/);
  assert.throws(() => new Hedge({ memory: 8 }), /size .* got 8/);
});
