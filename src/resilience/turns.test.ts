import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../test/random.ts';
import { settle, SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { ShedError } from './errors.ts';
import { Turns, type TurnsOptions } from './turns.ts';

const NEVER = new AbortController().signal;
const TURN_MS = 4;
const CAPACITY_PER_SECOND = 1000 / TURN_MS;

/** A loop that needs `turnMs` for each turn. */
function rigOf(options: Partial<TurnsOptions> = {}, turnMs: () => number = () => TURN_MS) {
  const time = new SimulatedTime();
  const afterInput = (run: () => void): void => void time.after(turnMs(), run);
  return { time, turns: new Turns({ maxWaiting: 4, time, afterInput, ...options }) };
}

/** The kinds of callers in the order in which they were served. */
function recorder() {
  const served: string[] = [];
  const refused: string[] = [];
  const come = async (name: string, taken: Promise<void>): Promise<void> => {
    try {
      await taken;
      served.push(name);
    } catch (error) {
      assert.ok(error instanceof ShedError);
      refused.push(name);
    }
  };
  return { served, refused, come };
}

interface Seen {
  readonly latencies: number[];
  refused: number;
}

/** Callers at random moments, whatever becomes of the ones before. */
async function offer(
  { time, turns }: ReturnType<typeof rigOf>,
  random: () => number,
  load: { readonly perSecond: number; readonly seconds: number },
): Promise<Seen> {
  const seen: Seen = { latencies: [], refused: 0 };
  const end = time.monotonic() + load.seconds * 1000;
  while (time.monotonic() < end) {
    const began = time.monotonic();
    void turns.take(NEVER).then(
      () => seen.latencies.push(time.monotonic() - began + TURN_MS),
      () => seen.refused++,
    );
    await time.advance((-Math.log(1 - random()) * 1000) / load.perSecond);
  }
  await time.advance(100);
  return seen;
}

function p99(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(0.99 * values.length)] ?? Number.NaN;
}

test('gives the turn at once when nobody has it, then to one after another', async () => {
  const { time, turns } = rigOf();
  const { served, come } = recorder();
  for (const name of ['a', 'b', 'c']) void come(name, turns.take(NEVER));
  await settle();
  assert.deepEqual(served, ['a']);
  assert.equal(turns.waiting, 2);
  await time.advance(TURN_MS);
  assert.deepEqual(served, ['a', 'b']);
  assert.equal(turns.queueWaitMs, TURN_MS);
  await time.advance(2 * TURN_MS);
  assert.deepEqual(served, ['a', 'b', 'c']);
  assert.equal(time.pendingTimers, 0);
});

test('lets a burst wait', async () => {
  const { time, turns } = rigOf();
  const { served, refused, come } = recorder();
  void come('first', turns.take(NEVER));
  await time.advance(TURN_MS);
  for (let i = 0; i < 37; i++) void come('burst', turns.take(NEVER));
  await time.advance(1000);
  assert.equal(served.length, 38);
  assert.equal(refused.length, 0);
  assert.equal(turns.isOverloaded, false);
});

test('refuses at once what would wait longer than a burst may', async () => {
  const { time, turns } = rigOf();
  const { refused, come } = recorder();
  void come('first', turns.take(NEVER));
  await time.advance(TURN_MS);
  for (let i = 0; i < 100; i++) void come('burst', turns.take(NEVER));
  await settle();
  // One has the turn, and 150 ms are 37.5 turns of 4 ms.
  assert.equal(refused.length, 100 - 1 - 38);
  await time.advance(1000);
});

test('tells a line after a standstill from an overload', async () => {
  const turnsMs = [TURN_MS, 600];
  const { time, turns } = rigOf({}, () => turnsMs.shift() ?? TURN_MS);
  const { served, refused, come } = recorder();
  void come('first', turns.take(NEVER));
  await time.advance(TURN_MS);
  void come('stands still', turns.take(NEVER));
  await time.advance(300);
  for (let i = 0; i < 37; i++) void come('meanwhile', turns.take(NEVER));
  await time.advance(1000);
  assert.deepEqual([served.length, refused.length], [39, 0]);
});

test('refuses nobody at 60 % of the capacity, on a machine that stands still now and then', async () => {
  const random = seededRandom(20_261_129);
  const turnMs = 10;
  let turns = 0;
  // The time of a burst is taken away every two or three seconds.
  const turn = () => (++turns % 150 === 0 ? 150 : turnMs * (0.5 + random()));
  const { refused, latencies } = await offer(rigOf({ maxWaiting: 8 }, turn), random, {
    perSecond: 600 / turnMs,
    seconds: 600,
  });
  assert.deepEqual([refused, latencies.length > 35_000], [0, true]);
});

test('leaves less of the line to work that matters less', async () => {
  const { time, turns } = rigOf({ maxWaiting: 4 });
  for (let i = 0; i < 500; i++) {
    void turns.take(NEVER).catch(() => undefined);
    await time.advance(1);
  }
  assert.equal(turns.isOverloaded, true);
  while (turns.waiting > 2) await time.advance(1);
  const { served, refused, come } = recorder();
  for (const name of ['search', 'answer']) void come(name, turns.take(NEVER, name === 'answer' ? 0.5 : 1));
  await time.advance(1000);
  assert.deepEqual([served, refused], [['search'], ['answer']]);
});

test('lets in one caller a turn to be looked at while the line is too long', async () => {
  const { time, turns } = rigOf({ refusal: (reason) => new Error(reason) });
  turns.look();
  void turns.take(NEVER);
  await time.advance(TURN_MS);
  for (let i = 0; i < 39; i++) void turns.take(NEVER);
  turns.look();
  assert.throws(() => turns.look(), { message: 'Overloaded: 38 wait for their turn' });
  assert.equal(turns.snapshot().rejected, 1);
  await time.advance(TURN_MS);
  // There is room for one again.
  for (let i = 0; i < 3; i++) turns.look();
  void turns.take(NEVER);
  turns.look();
  assert.throws(() => turns.look());
  await time.advance(1000);
});

test('stops waiting when the caller does', async () => {
  const { time, turns } = rigOf();
  const caller = new AbortController();
  await turns.take(NEVER);
  const waiting = turns.take(caller.signal);
  const reason = new Error('the client went away');
  caller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(turns.waiting, 0);
  await assert.rejects(turns.take(caller.signal), reason);
  await time.advance(1000);
  assert.equal(time.pendingTimers, 0);
});

test('at three times the capacity for 60 s goodput and latency hold, and recover at once (R15)', async (context) => {
  const rig = rigOf();
  const random = seededRandom(20_261_125);
  const unloaded = await offer(rig, random, { perSecond: CAPACITY_PER_SECOND / 2, seconds: 20 });
  const overloaded = await offer(rig, random, { perSecond: 3 * CAPACITY_PER_SECOND, seconds: 60 });
  assert.equal(rig.turns.snapshot().rejected, unloaded.refused + overloaded.refused);
  await rig.time.advance(1000);
  const after = await offer(rig, random, { perSecond: CAPACITY_PER_SECOND / 2, seconds: 20 });
  const goodput = overloaded.latencies.length / 60 / CAPACITY_PER_SECOND;
  const figures = [unloaded, overloaded, after].map(({ latencies }) => p99(latencies).toFixed(1));
  context.diagnostic(`goodput ${(100 * goodput).toFixed(1)} %, p99 ${figures.join(' -> ')} ms`);
  assert.equal(unloaded.refused, 0);
  assert.ok(goodput >= 0.9, `${goodput}`);
  assert.ok(p99(overloaded.latencies) <= 2 * p99(unloaded.latencies), figures.join(' '));
  assert.equal(after.refused, 0);
  assert.equal(rig.turns.isOverloaded, false);
});

test('refuses numbers out of bounds', () => {
  assert.throws(() => new Turns({ maxWaiting: -1 }), { message: /maxWaiting.*-1/ });
  assert.throws(() => new Turns({ maxWaiting: 1, burstMs: 0 }), { message: /burstMs.*0/ });
});
