import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { Deadline } from './deadline.ts';
import { BREAKER_NAMES, breakerName, DEPENDENCY_DEFAULTS, type DependencySettings } from './defaults.ts';
import { createDependency, type Dependency } from './dependency.ts';
import { Hedge } from './hedge.ts';
import { Policy } from './policy.ts';
import { Timeout } from './timeout.ts';

const NEVER = new AbortController().signal;
const DOWN = Object.assign(new Error('down'), { failure: 'unreachable' });

interface Rig {
  readonly time: SimulatedTime;
  readonly dependency: Dependency;
}

function rigOf(settings: Partial<DependencySettings> = {}): Rig {
  const time = new SimulatedTime();
  return { time, dependency: createDependency('ollama_embedding', { settings, time, random: () => 0.5 }) };
}

async function fail({ time, dependency }: Rig, times: number): Promise<void> {
  for (let call = 0; call < times; call++) {
    await time.until(dependency.foreground.execute(() => Promise.reject(DOWN), NEVER).catch(() => undefined));
  }
}

function hang(): Promise<never> {
  return new Promise(() => undefined);
}

async function* stalls(): AsyncGenerator<string> {
  yield 'token';
  await hang();
}

function windowMs({ breaker }: DependencySettings): number {
  return breaker.bucketMs * breaker.buckets;
}

test('passes results and errors through, and counts them', async () => {
  const rig = rigOf({ extraAttempts: 0 });
  assert.equal(await rig.dependency.foreground.execute(async () => 'value', NEVER), 'value');
  await assert.rejects(
    rig.dependency.foreground.execute(() => Promise.reject(DOWN), NEVER),
    (error) => error === DOWN,
  );
  const { totals } = rig.dependency.breaker.snapshot();
  assert.deepEqual([totals.successes, totals.failures], [1, 1]);
  assert.equal(rig.dependency.bulkhead.active, 0);
});

test('an outage opens the breaker; then calls are refused without being sent, without a retry, without waiting', async () => {
  const rig = rigOf();
  await fail(rig, 5);
  let sent = 0;
  const call = rig.dependency.foreground.execute(async () => sent++, NEVER);
  await assert.rejects(call, { kind: 'breaker_open' });
  assert.equal(sent, 0);
});

test('calls that wait for a slot when the breaker opens are refused when their turn comes', async () => {
  const rig = rigOf({ limit: 1, queue: 1, maxWaitMs: 10_000, extraAttempts: 0 });
  const hung = assert.rejects(rig.dependency.foreground.execute(hang, NEVER), { kind: 'timeout' });
  const waiting = assert.rejects(rig.dependency.foreground.execute(hang, NEVER), { kind: 'breaker_open' });
  rig.dependency.breaker.force('forced_open');
  await rig.time.advance(2000);
  await hung;
  await waiting;
  assert.equal(rig.dependency.bulkhead.active, 0);
});

test('every try is asked of the breaker and counted by it', async () => {
  const rig = rigOf();
  rig.time.jump(2000);
  await rig.time.until(
    rig.dependency.foreground.execute(
      (_, attempt) => (attempt === 0 ? Promise.reject(DOWN) : Promise.resolve()),
      NEVER,
    ),
  );
  const { totals } = rig.dependency.breaker.snapshot();
  assert.deepEqual([totals.successes, totals.failures], [1, 1]);
});

test('a retry holds no slot while it pauses', async () => {
  const rig = rigOf({ limit: 1, queue: 0 });
  rig.time.jump(2000);
  const retried = rig.dependency.foreground.execute(
    (_, attempt) => (attempt === 0 ? Promise.reject(DOWN) : Promise.resolve('later')),
    NEVER,
  );
  await rig.time.advance(0);
  assert.equal(await rig.dependency.foreground.execute(async () => 'between', NEVER), 'between');
  assert.equal(await rig.time.until(retried), 'later');
});

test('a call with too little time is not sent and not counted (R8)', async () => {
  const rig = rigOf();
  using deadline = new Deadline({ afterMs: 19, time: rig.time });
  await assert.rejects(rig.dependency.foreground.execute(hang, deadline.signal), { kind: 'deadline' });
  assert.equal(rig.dependency.breaker.snapshot().totals.ignored, 0);
});

test('a wait that leaves too little time is not followed by a call', async () => {
  const rig = rigOf({ limit: 1, queue: 1, timeoutMs: 200, extraAttempts: 0, maxWaitMs: 1000 });
  void rig.dependency.foreground.execute(hang, NEVER).catch(() => undefined);
  using deadline = new Deadline({ afterMs: 210, time: rig.time });
  await rig.time.advance(185);
  const waiting = assert.rejects(rig.dependency.foreground.execute(hang, deadline.signal));
  await rig.time.advance(100);
  await waiting;
  assert.equal(rig.dependency.bulkhead.active, 0);
});

test('a deadline that ends a call which had become slow counts as failure, an earlier one does not', async () => {
  const rig = rigOf();
  for (const [afterMs, failures] of [
    [999, 0],
    [1000, 1],
  ] as const) {
    using deadline = new Deadline({ afterMs, time: rig.time });
    const call = assert.rejects(rig.dependency.foreground.execute(hang, deadline.signal), {
      kind: 'deadline',
    });
    await rig.time.advance(afterMs);
    await call;
    assert.equal(rig.dependency.breaker.snapshot().totals.failures, failures);
  }
});

test('a caller that goes away never counts, and leaves nothing behind (R7)', async () => {
  const rig = rigOf();
  for (let call = 0; call < 20; call++) {
    const caller = new AbortController();
    let seen: AbortSignal | undefined;
    const result = rig.dependency.foreground.execute((signal) => {
      seen = signal;
      return hang();
    }, caller.signal);
    const failed = assert.rejects(result, { name: 'AbortError' });
    await rig.time.advance(1500);
    caller.abort();
    await failed;
    assert.equal(seen?.aborted, true);
    assert.equal(getEventListeners(caller.signal, 'abort').length, 0);
    await assert.rejects(rig.dependency.foreground.execute(hang, caller.signal), { name: 'AbortError' });
  }
  assert.equal(rig.dependency.breaker.state, 'closed');
  assert.equal(rig.dependency.bulkhead.active, 0);
});

test('400s and pushback leave the breaker closed, an unusable 200 opens it (R7)', async () => {
  const rig = rigOf({ extraAttempts: 0 });
  const times = async (failure: string): Promise<void> => {
    for (let call = 0; call < 20; call++) {
      const error = Object.assign(new Error(failure), { failure });
      await rig.dependency.foreground.execute(() => Promise.reject(error), NEVER).catch(() => undefined);
    }
  };
  await times('rejected');
  await times('overloaded');
  assert.equal(rig.dependency.breaker.state, 'closed');
  await times('unusable');
  assert.equal(rig.dependency.breaker.state, 'open');
});

test('a hang opens the breaker after five timeouts, and a good server closes it again', async () => {
  const rig = rigOf({ extraAttempts: 0 });
  for (let call = 0; call < 5; call++) {
    const failed = assert.rejects(rig.dependency.foreground.execute(hang, NEVER), { kind: 'timeout' });
    await rig.time.advance(2000);
    await failed;
  }
  assert.equal(rig.dependency.breaker.state, 'open');
  await rig.time.advance(5000);
  for (let probe = 0; probe < 2; probe++) await rig.dependency.foreground.execute(async () => 1, NEVER);
  assert.equal(rig.dependency.breaker.state, 'closed');
});

test('hedges while the breaker is closed and slots are free, numbering all calls of one execution', async () => {
  const { time, dependency } = rigOf();
  const hedge = new Hedge({ time, ratio: 1 });
  const { breaker, bulkhead } = dependency;
  const policy = new Policy({
    breaker,
    bulkhead,
    timeout: new Timeout({ name: 'x', timeoutMs: 2000, time }),
    hedge,
    time,
  });
  for (let call = 0; call < 64; call++) await time.until(policy.execute(() => time.sleep(10), NEVER));
  const seen: number[] = [];
  const work = async (_: AbortSignal, attempt: number): Promise<number> => {
    seen.push(attempt);
    await time.sleep(attempt === 0 ? 900 : 10);
    return attempt;
  };
  assert.equal(await time.until(policy.execute(work, NEVER)), 1);
  for (let busy = 0; busy < 6; busy++) bulkhead.tryEnter('foreground');
  assert.equal(await time.until(policy.execute(work, NEVER)), 0, 'above 80 % of the slots');
  assert.deepEqual(seen, [0, 1, 0]);
});

const CLOCKS = { firstItemMs: 10_000, gapMs: 5000, totalMs: 60_000 };

test('a stream holds its slot until its end, and is slow by its first item', async () => {
  const { time, dependency } = rigOf();
  async function* tokens(): AsyncGenerator<string> {
    for (let token = 0; token < 10; token++) {
      await time.sleep(500);
      yield 'token';
    }
  }
  const stream = dependency.foreground.stream(tokens, NEVER, { clocks: CLOCKS });
  await time.until(stream.next());
  assert.equal(dependency.bulkhead.active, 1);
  const rest = async (): Promise<string> => {
    let text = '';
    for await (const token of stream) text += token;
    return text;
  };
  assert.equal(await time.until(rest()), 'token'.repeat(9));
  assert.equal(dependency.bulkhead.active, 0);
  const { totals } = dependency.breaker.snapshot();
  assert.deepEqual([totals.successes, totals.slow], [1, 0]);
});

test('a stream that stalls counts as failure, one that its reader leaves does not', async () => {
  const { time, dependency } = rigOf();
  const stalled = dependency.foreground.stream(stalls, NEVER, { clocks: CLOCKS });
  await stalled.next();
  await assert.rejects(time.until(stalled.next()), { kind: 'timeout', phase: 'gap' });
  const left = dependency.foreground.stream(stalls, NEVER, { clocks: CLOCKS });
  await left.next();
  await left.return();
  const { totals } = dependency.breaker.snapshot();
  assert.deepEqual([totals.failures, totals.ignored], [1, 1]);
  assert.equal(dependency.bulkhead.active, 0);
});

test('a stream is refused as a call is', async () => {
  const rig = rigOf();
  rig.dependency.breaker.force('forced_open');
  await assert.rejects(
    rig.dependency.foreground.stream(() => [] as never, NEVER, { clocks: CLOCKS }).next(),
    {
      kind: 'breaker_open',
    },
  );
  const wrong = { ...CLOCKS, totalMs: 0 };
  await assert.rejects(
    rig.dependency.foreground.stream(() => [] as never, NEVER, { clocks: wrong }).next(),
    /totalMs/,
  );
});

test('every name has defaults that are valid, and the numbers of R4 and R5', () => {
  for (const name of BREAKER_NAMES) createDependency(name);
  const { ollama_embedding, ollama_generation, qdrant_search } = DEPENDENCY_DEFAULTS;
  assert.deepEqual(
    [ollama_embedding.timeoutMs, ollama_embedding.breaker.slowMs, windowMs(ollama_embedding)],
    [2000, 1000, 30_000],
  );
  assert.deepEqual(ollama_generation.stream, { firstItemMs: 10_000, gapMs: 5000, totalMs: 60_000 });
  assert.equal(ollama_generation.breaker.slowMs, 5000);
  assert.deepEqual(
    [
      qdrant_search.timeoutMs,
      qdrant_search.breaker.slowMs,
      windowMs(qdrant_search),
      qdrant_search.breaker.minCalls,
    ],
    [500, 250, 10_000, 20],
  );
  assert.deepEqual([qdrant_search.breaker.openMs, qdrant_search.breaker.maxOpenMs], [2000, 30_000]);
  assert.equal(createDependency('qdrant_search').breaker.state, 'disabled');
});

test('an unknown name is refused (R3)', () => {
  assert.equal(breakerName('reranker'), 'reranker');
  assert.throws(() => breakerName('redis'), {
    name: 'RangeError',
    message:
      'There is no breaker "redis"; there are ollama_embedding, ollama_embedding_passages, ollama_generation, qdrant_search, reranker, tika',
  });
});
