import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { timedStream, type StreamEnd } from './timed-stream.ts';

const NEVER = new AbortController().signal;
const CLOCKS = { firstItemMs: 1000, gapMs: 500, totalMs: 3000 };

interface Rig {
  readonly time: SimulatedTime;
  readonly ends: StreamEnd[];
  readonly firsts: number[];
  readonly signals: AbortSignal[];
  /** Items that come after these pauses; `hang` never comes, and does not listen. */
  stream(pauses: readonly (number | 'hang' | 'fail')[], signal?: AbortSignal): AsyncGenerator<number, void>;
}

function rigOf(): Rig {
  const time = new SimulatedTime();
  const queue = new ExpiryQueue(time);
  const [ends, firsts, signals]: [StreamEnd[], number[], AbortSignal[]] = [[], [], []];
  async function* items(pauses: readonly (number | 'hang' | 'fail')[]): AsyncGenerator<number, void> {
    for (const [index, pause] of pauses.entries()) {
      if (pause === 'hang') await new Promise(() => undefined);
      if (pause === 'fail') throw new Error('broken');
      if (typeof pause === 'number') await time.sleep(pause);
      yield index;
    }
  }
  return {
    time,
    ends,
    firsts,
    signals,
    stream: (pauses, signal = NEVER) =>
      timedStream(
        (inner) => {
          signals.push(inner);
          return items(pauses);
        },
        signal,
        {
          name: 'model',
          clocks: CLOCKS,
          time,
          queue,
          onFirstItem: (ms) => firsts.push(ms),
          onEnd: (end) => ends.push(end),
        },
      ),
  };
}

async function read(rig: Rig, stream: AsyncGenerator<number, void>): Promise<number[]> {
  const all: number[] = [];
  const reading = async (): Promise<number[]> => {
    for await (const item of stream) all.push(item);
    return all;
  };
  return rig.time.until(reading());
}

test('gives the items, says when the first came and that the stream is done', async () => {
  const rig = rigOf();
  assert.deepEqual(await read(rig, rig.stream([900, 400, 400])), [0, 1, 2]);
  assert.deepEqual(rig.firsts, [900]);
  assert.deepEqual(rig.ends, [{ kind: 'done' }]);
  await rig.time.advance(CLOCKS.totalMs);
  assert.equal(rig.time.pendingTimers, 0);
  assert.equal(rig.signals[0]?.aborted, false);
});

test('each of the three clocks cuts it, aborts the work and names itself', async () => {
  const cases = [
    [['hang'], 'first_item', 'model timed out after 1000 ms without a first item', 1000],
    [[100, 'hang'], 'gap', 'model timed out after 500 ms of silence', 600],
    [[400, 400, 400, 400, 400, 400, 400, 400], 'total', 'model timed out after 3000 ms in total', 3000],
  ] as const;
  for (const [pauses, phase, message, at] of cases) {
    const rig = rigOf();
    await assert.rejects(read(rig, rig.stream(pauses)), { name: 'TimeoutError', phase, message });
    assert.equal(rig.time.monotonic(), at);
    assert.equal(rig.signals[0]?.aborted, true);
    assert.equal(rig.ends.length, 1);
    await rig.time.advance(1000);
    assert.equal(rig.time.pendingTimers, 0);
  }
});

test('a slow reader does not use up the gap, but the total', async () => {
  const rig = rigOf();
  const stream = rig.stream([0, 0, 0]);
  await rig.time.until(stream.next());
  await rig.time.advance(2000);
  assert.deepEqual(await rig.time.until(stream.next()), { done: false, value: 1 });
  await rig.time.advance(1000);
  assert.equal(rig.ends[0]?.kind, 'failed', 'at once, though nobody reads');
  await assert.rejects(rig.time.until(stream.next()), { phase: 'total' });
});

test('an error of the stream passes through', async () => {
  const rig = rigOf();
  await assert.rejects(read(rig, rig.stream([10, 'fail'])), /broken/);
  assert.equal(rig.ends[0]?.kind, 'failed');
});

test('a reader that stops early aborts the work', async () => {
  const rig = rigOf();
  const stream = rig.stream([10, 10]);
  await rig.time.until(stream.next());
  await stream.return();
  assert.deepEqual(rig.ends, [{ kind: 'left' }]);
  assert.equal(rig.signals[0]?.reason instanceof DOMException, true);
  await rig.time.advance(CLOCKS.totalMs);
  assert.equal(rig.time.pendingTimers, 0);
});

test('an abort of the caller cuts it with its reason', async () => {
  const rig = rigOf();
  const caller = new AbortController();
  const reading = assert.rejects(rig.stream(['hang'], caller.signal).next(), (reason) => reason === 'gone');
  await rig.time.advance(10);
  caller.abort('gone');
  await reading;
  assert.equal(rig.signals[0]?.reason, 'gone');
  assert.equal(getEventListeners(caller.signal, 'abort').length, 0);
  await assert.rejects(rig.stream([1], caller.signal).next(), (reason) => reason === 'gone');
  assert.equal(rig.ends.length, 2);
});

test('refuses clocks out of bounds', async () => {
  const time = new SimulatedTime();
  const options = { name: 'x', clocks: { ...CLOCKS, gapMs: 0 }, time, queue: new ExpiryQueue(time) };
  const stream = timedStream(() => [] as never, NEVER, options);
  await assert.rejects(stream.next(), /gapMs .* got 0/);
});
