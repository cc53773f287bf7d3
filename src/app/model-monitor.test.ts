import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { ModelError, type ModelFailure } from '../core/models/model-error.ts';
import { createDependency, type Dependency } from '../resilience/dependency.ts';
import { Policy } from '../resilience/policy.ts';
import { Timeout } from '../resilience/timeout.ts';
import { ModelMonitor, type MonitoredModel } from './model-monitor.ts';

const NEVER = new AbortController().signal;

type Behaviour = 'works' | 'hangs' | ModelError;

/** A model server of which everything is decided by the test. */
class FakeServer {
  /** `/api/tags` and the like would still answer: only inference is asked. */
  inference: Behaviour = 'works';
  isLoaded: boolean | null = true;
  loadMs = 0;
  readonly calls = { probe: 0, preload: 0, isLoaded: 0 };
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  model(isProbed: MonitoredModel['isProbed']): MonitoredModel {
    const tellsLoaded = this.isLoaded !== null;
    return {
      name: 'encoder',
      model: 'all-minilm',
      isProbed,
      probe: async (signal) => {
        this.calls.probe++;
        await this.infer(signal);
      },
      preload: async (signal) => {
        this.calls.preload++;
        if (this.loadMs > 0) await this.#time.sleep(this.loadMs);
        await this.infer(signal);
        this.isLoaded = true;
      },
      isLoaded: !tellsLoaded
        ? undefined
        : async () => {
            this.calls.isLoaded++;
            if (this.inference instanceof ModelError && this.inference.failure === 'unreachable')
              throw this.inference;
            return this.isLoaded === true;
          },
    };
  }

  async infer(signal: AbortSignal): Promise<void> {
    if (this.inference instanceof ModelError) throw this.inference;
    if (this.inference === 'works') return;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
}

interface Bench extends AsyncDisposable {
  readonly time: SimulatedTime;
  readonly server: FakeServer;
  readonly dependency: Dependency;
  readonly monitor: ModelMonitor;
  readonly changes: string[];
  /** A question, as the guarded model asks it. */
  ask(): Promise<string>;
}

interface BenchOptions {
  readonly isProbed?: MonitoredModel['isProbed'];
  readonly intervalMs?: number;
  readonly prepare?: (server: FakeServer) => void;
}

async function bench({
  isProbed = 'always',
  intervalMs = 10_000,
  prepare,
}: BenchOptions = {}): Promise<Bench> {
  const time = new SimulatedTime();
  const server = new FakeServer(time);
  prepare?.(server);
  const dependency = createDependency('ollama_embedding', {
    time,
    random: () => 0,
    settings: { extraAttempts: 0 },
  });
  const { breaker, bulkhead } = dependency;
  const timeout = new Timeout({ name: 'the probe', timeoutMs: 2000, time });
  const changes: string[] = [];
  const monitor = new ModelMonitor({
    model: server.model(isProbed),
    guard: new Policy({ breaker, bulkhead, timeout, priority: 'background', time }),
    breaker,
    intervalMs,
    time,
    onChange: (state) => void changes.push(state),
  });
  monitor.start();
  await time.advance(1);
  const ask = async (): Promise<string> => {
    try {
      await monitor.admit(NEVER);
      await dependency.foreground.execute(async (signal) => {
        await monitor.requireLoaded(signal);
        await server.infer(signal);
      }, NEVER);
      monitor.succeeded();
      return 'answered';
    } catch (error) {
      monitor.failed(error);
      return error instanceof ModelError ? error.failure : String(error);
    }
  };
  return {
    time,
    server,
    dependency,
    monitor,
    changes,
    ask,
    [Symbol.asyncDispose]: async () => {
      const disposed = monitor[Symbol.asyncDispose]();
      await time.until(disposed);
    },
  };
}

function failing(failure: ModelFailure, retryAfterMs?: number): ModelError {
  return new ModelError(failure, `it is ${failure}`, retryAfterMs === undefined ? {} : { retryAfterMs });
}

const cold = (loadMs: number) => (server: FakeServer) => {
  server.isLoaded = false;
  server.loadMs = loadMs;
};

describe('the health of a model', () => {
  test('shows within 15 s that a loaded model hangs while its server answers everything else', async () => {
    await using at = await bench();
    assert.deepEqual(at.monitor.health(), { name: 'encoder', state: 'up', detail: 'all-minilm' });
    for (const elapsedMs of [0, 1, 4999, 9998]) {
      at.server.inference = 'works';
      await at.time.advance(20_000);
      await at.time.advance(elapsedMs);
      assert.equal(at.monitor.health().state, 'up');
      at.server.inference = 'hangs';
      await at.time.advance(15_000);
      assert.equal(at.monitor.health().state, 'down');
      assert.match(at.monitor.health().detail ?? '', /timed out after 2000 ms/);
    }
  });

  test('is asked for every ten seconds, and never when that is turned off', async () => {
    await using at = await bench();
    const { probe } = at.server.calls;
    await at.time.advance(60_000);
    assert.equal(at.server.calls.probe, probe + 6);
    await using off = await bench({ intervalMs: 0 });
    const before = off.server.calls.probe;
    await off.time.advance(3_600_000);
    assert.equal(off.server.calls.probe, before);
  });

  test('probes an open breaker as soon as it lets one through, and so closes it without a question', async () => {
    await using at = await bench();
    const { breaker } = at.dependency;
    at.server.inference = failing('server_error');
    for (let call = 0; call < 5; call++) await at.ask();
    assert.equal(breaker.state, 'open');
    const { retryAfterMs } = breaker.snapshot();
    assert.ok(retryAfterMs <= 5000);
    at.server.inference = 'works';
    const before = at.server.calls.probe;
    await at.time.advance(retryAfterMs - 1);
    assert.deepEqual([breaker.state, at.server.calls.probe], ['open', before], 'it is left alone while open');
    await at.time.advance(1000);
    assert.deepEqual([breaker.state, at.monitor.health().state], ['closed', 'up']);
    assert.equal(at.server.calls.probe, before + 2);
  });

  test('never opens the breaker by itself faster than its rules, and counts as a call like any other', async () => {
    await using at = await bench();
    at.server.inference = 'hangs';
    await at.time.advance(45_000);
    assert.equal(at.dependency.breaker.state, 'closed');
    await at.time.advance(20_000);
    assert.notEqual(at.dependency.breaker.state, 'closed');
    assert.ok(at.dependency.breaker.snapshot().totals.failures >= 5);
  });

  test('of an expensive model is not asked for while it works, and is while it fails', async () => {
    await using at = await bench({ isProbed: 'when_failing' });
    const before = at.server.calls.probe;
    await at.time.advance(60_000);
    assert.equal(at.server.calls.probe, before);
    at.server.inference = failing('server_error');
    await at.ask();
    assert.equal(at.monitor.health().state, 'down');
    at.server.inference = 'works';
    await at.time.advance(10_000);
    assert.deepEqual([at.monitor.health().state, at.server.calls.probe], ['up', before + 1]);
  });

  test('of an expensive model shows that its server is gone, without asking the model', async () => {
    await using at = await bench({ isProbed: 'when_failing' });
    at.server.inference = failing('unreachable');
    await at.time.advance(10_000);
    assert.equal(at.monitor.health().state, 'down');
  });
});

describe('a model that is being loaded', () => {
  test('may take 120 s: questions go on without it, and the breaker stays closed', async () => {
    await using at = await bench({ prepare: cold(119_000) });
    await at.time.advance(600);
    for (let second = 0; second < 118; second++) {
      assert.equal(await at.ask(), 'warming');
      await at.time.advance(1000);
    }
    await at.time.advance(2000);
    assert.deepEqual([at.monitor.isWarming, await at.ask()], [false, 'answered']);
    const { state, totals } = at.dependency.breaker.snapshot();
    assert.deepEqual([state, totals.failures, totals.opened], ['closed', 0, 0]);
    assert.equal(at.server.calls.preload, 1, 'one load for all');
    assert.deepEqual(at.changes, ['warming', 'up']);
  });

  test('is waited for when that takes only a moment', async () => {
    await using at = await bench({ prepare: cold(400) });
    assert.equal(await at.time.until(at.ask()), 'answered');
  });

  test('is down when it is not loaded after 120 s, and is then asked like any other', async () => {
    await using at = await bench({
      prepare: (server) => {
        server.isLoaded = false;
        server.inference = 'hangs';
      },
    });
    await at.time.advance(119_000);
    assert.equal(at.monitor.health().state, 'warming');
    await at.time.advance(2000);
    assert.equal(at.monitor.health().state, 'down');
    assert.match(at.monitor.health().detail ?? '', /loading "all-minilm" timed out after 120000 ms/);
    at.server.inference = 'works';
    await at.time.advance(20_000);
    assert.deepEqual([at.monitor.health().state, at.server.calls.preload], ['up', 1]);
  });

  test('again after its server was restarted is loaded anew, without an outage', async () => {
    await using at = await bench();
    at.server.inference = failing('unreachable');
    await at.ask();
    assert.equal(at.monitor.health().state, 'down');
    at.server.inference = 'works';
    at.server.isLoaded = false;
    at.server.loadMs = 30_000;
    const asked = at.ask();
    await at.time.advance(600);
    assert.equal(await asked, 'warming');
    assert.equal(at.monitor.health().state, 'warming');
    await at.time.advance(30_000);
    assert.equal(await at.ask(), 'answered');
    assert.equal(at.dependency.breaker.snapshot().totals.failures, 1);
  });

  test('by a server that says so is asked again until it is there', async () => {
    await using at = await bench({
      prepare: (server) => {
        server.isLoaded = null;
        server.inference = failing('warming');
      },
    });
    await at.time.advance(20_000);
    assert.equal(at.monitor.health().state, 'warming');
    at.server.inference = 'works';
    await at.time.advance(600);
    assert.equal(at.monitor.health().state, 'up');
    assert.equal(at.dependency.breaker.snapshot().totals.failures, 0);
  });

  test('stops being loaded when Holdfast stops', async () => {
    const at = await bench({ prepare: cold(100_000) });
    assert.equal(at.monitor.health().state, 'warming');
    await at[Symbol.asyncDispose]();
    const calls = { ...at.server.calls };
    await at.time.advance(600_000);
    assert.deepEqual(at.server.calls, calls);
  });
});

describe('a model that asks to be left alone', () => {
  test('is left alone until that time, by questions and probes, and questions fail at once', async () => {
    for (const seconds of [1, 7, 30]) {
      await using at = await bench();
      at.server.inference = failing('overloaded', seconds * 1000);
      assert.equal(await at.ask(), 'overloaded');
      const before = { ...at.server.calls };
      at.server.inference = 'works';
      for (let elapsed = 0; elapsed + 100 < seconds * 1000; elapsed += 100) {
        assert.equal(await at.ask(), 'overloaded');
        await at.time.advance(100);
      }
      assert.equal(at.monitor.health().state, 'degraded');
      assert.match(at.monitor.health().detail ?? '', /left alone for another \d+ s/);
      assert.deepEqual(at.server.calls, before, 'nothing was sent');
      await at.time.advance(1000);
      assert.equal(await at.ask(), 'answered');
      assert.ok(at.server.calls.probe > before.probe, 'and is asked when the time is over');
      assert.equal(at.dependency.breaker.snapshot().totals.failures, 0);
    }
  });

  test('says for how long in its error, for those who can wait', async () => {
    await using at = await bench();
    at.monitor.failed(failing('overloaded', 5000));
    await at.time.advance(2000);
    await assert.rejects(async () => at.monitor.admit(NEVER), { failure: 'overloaded', retryAfterMs: 3000 });
  });

  test('is left alone although a call from before succeeds meanwhile', async () => {
    await using at = await bench();
    at.monitor.failed(failing('overloaded', 5000));
    at.monitor.succeeded();
    assert.equal(await at.ask(), 'overloaded');
  });
});

describe('a model with wrong settings', () => {
  for (const failure of ['unauthorized', 'unknown_model', 'wrong_address'] as const) {
    test(`is misconfigured, not down, for ${failure}, until it is right`, async () => {
      await using at = await bench();
      at.server.inference = failing(failure);
      for (let call = 0; call < 20; call++) assert.equal(await at.ask(), failure);
      assert.deepEqual(at.monitor.health(), {
        name: 'encoder',
        state: 'misconfigured',
        detail: `it is ${failure}`,
      });
      await at.time.advance(60_000);
      assert.equal(at.monitor.health().state, 'misconfigured');
      const { state, totals } = at.dependency.breaker.snapshot();
      assert.deepEqual([state, totals.failures], ['closed', 0]);
      at.server.inference = 'works';
      await at.time.advance(10_000);
      assert.equal(at.monitor.health().state, 'up');
    });
  }
});

test('a question that the model refuses, or that was never sent, changes nothing', async () => {
  await using at = await bench();
  at.monitor.failed(failing('rejected'));
  at.monitor.failed(new DOMException('gone', 'AbortError'));
  assert.equal(at.monitor.health().state, 'up');
  assert.deepEqual(at.changes, ['up']);
});
