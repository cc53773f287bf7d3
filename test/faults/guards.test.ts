import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DEPENDENCY_DEFAULTS } from '../../src/resilience/defaults.ts';
import { serveModels, type Answered, type ServedModels } from './served-models.ts';

const LIMITS = { timeout: 240_000 };
const LIMIT_MS = 90_000;

/** The value of a series, as a scrape of the server shows it. */
async function metric({ url }: ServedModels, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? assert.fail(`no series ${series}`));
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!(await condition())) {
    assert.ok(!limit.aborted, `never happened: ${what}`);
    await pause(20);
  }
}

function lost({ degraded }: Answered): readonly string[] {
  return degraded.map(({ component, mode }) => `${component}=${mode}`);
}

describe('the guards of a served language model', LIMITS, () => {
  const name = 'ollama_generation';
  const { limit } = DEPENDENCY_DEFAULTS[name];
  let served: ServedModels;
  before(async () => {
    served = await serveModels({ wire: 'ollama', components: ['generator'] });
    await served.recover();
  });
  after(async () => served[Symbol.asyncDispose]());

  test('let no more calls through than the bulkhead has slots, and every question is answered', async () => {
    const { standIn, proxy } = served;
    const called = standIn.counts().calls.chat;
    standIn.set({ hangs: true, faultsOn: ['chat'] });
    const first = Array.from({ length: limit }, async () => served.ask());
    await until(async () => (await metric(served, `bulkhead_active{name="${name}"}`)) === limit, 'all slots');
    const others = Array.from({ length: 2 * limit }, async () => served.ask());
    const rejected = `bulkhead_rejected_total{name="${name}"}`;
    await until(async () => (await metric(served, rejected)) >= limit, 'calls without a slot');
    assert.equal(standIn.counts().calls.chat, called + limit);
    for (const answered of await Promise.all(others)) {
      assert.deepEqual(lost(answered), ['generator=extractive']);
      assert.match(answered.degraded[0]?.reason ?? '', /at its limit of concurrent calls/);
    }
    await proxy.add({ type: 'down' });
    for (const answered of await Promise.all(first))
      assert.deepEqual(lost(answered), ['generator=extractive']);
    await served.recover();
    assert.equal(await metric(served, `bulkhead_active{name="${name}"}`), 0);
  });
});

describe('the guards of a served embedding model', LIMITS, () => {
  let served: ServedModels;
  before(async () => {
    served = await serveModels({ wire: 'ollama', components: ['embedder'] });
    await served.recover();
  });
  after(async () => served[Symbol.asyncDispose]());

  test('try a call again that failed, so that nobody notices', async () => {
    const retries = 'model_retries_total{name="ollama_embedding"}';
    served.standIn.set({ status: 500, share: 0.25, faultsOn: ['embed'] });
    const tried = await metric(served, retries);
    let answered: Answered | null = null;
    await until(async () => {
      const failed = served.failures('embedder');
      answered = await served.ask();
      return served.failures('embedder') > failed && (await metric(served, retries)) > tried;
    }, 'a second try');
    assert.deepEqual(answered === null ? null : lost(answered), []);
    await served.recover();
  });

  test('show in a scrape that its settings are wrong', async () => {
    served.standIn.set({ status: 401, faultsOn: ['embed'] });
    assert.deepEqual(lost(await served.ask()), ['embedding=static_vectors']);
    assert.equal(await metric(served, 'model_state{name="encoder",state="misconfigured"}'), 1);
    await served.recover();
    assert.equal(await metric(served, 'model_state{name="encoder",state="up"}'), 1);
  });
});

describe('the memory of a served Holdfast', LIMITS, () => {
  test('answers equal questions with one call of the model, and the next ones with none', async () => {
    await using served = await serveModels({
      wire: 'ollama',
      components: ['generator'],
      settings: { HOLDFAST_CACHE_BYTES: '1 MiB' },
    });
    await served.recover();
    served.standIn.set({ timeToFirstTokenMs: 200 });
    const called = served.standIn.counts().calls.chat;
    const ask = async (): Promise<string> => {
      const response = await fetch(`${served.url}/api/v1/rag/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: 'When do backups run?' }),
      });
      return ((await response.json()) as { readonly cache: string }).cache;
    };
    await Promise.all(Array.from({ length: 5 }, ask));
    assert.equal(served.standIn.counts().calls.chat, called + 1);
    assert.equal(await ask(), 'hit');
    assert.equal(served.standIn.counts().calls.chat, called + 1);
    assert.ok((await metric(served, 'rag_cache_hits_total')) >= 1);
  });
});
