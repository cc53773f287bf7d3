import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../end-to-end/process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { serveModels, type ServedModels } from './served-models.ts';

const LIMITS = { timeout: 240_000 };
const PROBES = ['/livez', '/readyz'] as const;

async function statuses(url: string): Promise<readonly number[]> {
  return Promise.all(PROBES.map(async (path) => (await fetch(`${url}${path}`)).status));
}

async function stateOf(served: ServedModels, name: string): Promise<string | undefined> {
  return (await served.health()).dependencies.find((one) => one.name === name)?.state;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

test(
  'a model that hangs behind a server that lists it is found out, and found well again',
  LIMITS,
  async () => {
    await using served = await serveModels({
      wire: 'ollama',
      components: ['embedder'],
      isHasty: true,
      settings: { HOLDFAST_CANARY_SECONDS: '1' },
    });
    await served.recover();
    served.standIn.set({ hangs: true, faultsOn: ['embed'] });
    const tags = await fetch(`${served.standIn.url}/api/tags`);
    assert.equal(tags.status, 200);
    await until(async () => (await stateOf(served, 'encoder')) === 'down');
    assert.deepEqual(await statuses(served.url), [200, 200]);
    // Without a single question: the probe finds it and closes what it opened.
    served.standIn.set({ hangs: false });
    await until(async () => (await served.health()).state === 'ok');
  },
);

test('a model that is being loaded is no outage, and shows as warming', LIMITS, async () => {
  await using served = await serveModels({
    wire: 'ollama',
    components: ['generator'],
    knobs: { coldLoadMs: 600_000 },
  });
  await until(async () => (await stateOf(served, 'generator')) === 'warming');
  const readiness = await fetch(`${served.url}/readyz`);
  assert.equal(readiness.status, 200);
  assert.deepEqual(await readiness.json(), {
    ready: true,
    state: 'warming',
    reason: 'generator: tiny is being loaded',
  });
  for (let asked = 0; asked < 8; asked++) {
    const { answer, degraded } = await served.ask();
    assert.equal(answer.mode, 'extractive');
    assert.match(degraded[0]?.reason ?? '', /^warming: /);
  }
  assert.equal(served.failures('generator'), 0);
  assert.equal(served.standIn.counts().calls.chat, 1, 'one load for all');
});

test('with every model gone, the process lives, is ready, and answers', LIMITS, async () => {
  await using served = await serveModels({
    wire: 'openai',
    components: ['embedder', 'generator', 'reranker'],
  });
  await served.recover();
  await served.proxy.add({ type: 'down' });
  for (let asked = 0; asked < 10; asked++) {
    const { answer, citations } = await served.ask();
    assert.equal(answer.mode, 'extractive');
    assert.ok(citations.length > 0);
    assert.deepEqual(await statuses(served.url), [200, 200]);
  }
  assert.equal((await served.health()).state, 'degraded');
  await served.recover();
});

test(
  'a server that is stopped is unready at once, ends the question under way, and exits with 0',
  { ...LIMITS, skip: process.platform === 'win32' && 'Windows has no SIGTERM' },
  async () => {
    await using folder = await temporaryFolder();
    const environment = { HOLDFAST_QUERY_TIMEOUT_MS: '120000', HOLDFAST_DRAIN_MS: '200000' };
    await using server = await startServer(folder.path, { environment });
    const headers = { 'content-type': 'application/json' };
    const post = async (path: string, body: object): Promise<Response> =>
      fetch(`${server.address}/api/v1/rag${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal((await post('/collections', { name: 'docs' })).status, 201);
    const document = { text: 'Backups run daily at 02:00.', id: 'a' };
    assert.equal((await post('/collections/docs/documents?wait=true', document)).status, 201);
    const question = await beginQuestion(server.address, 'When do backups run?');
    server.signal('SIGTERM');
    let readiness = await fetch(`${server.address}/readyz`);
    while (readiness.status === 200) readiness = await fetch(`${server.address}/readyz`);
    assert.equal(readiness.status, 503);
    assert.partialDeepStrictEqual(await readiness.json(), { ready: false, state: 'stopping' });
    const { status, body } = await question.finish();
    assert.equal(status, 200, body);
    assert.match(body, /02:00/);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
  },
);

/** A question of which the server has everything but the end. */
async function beginQuestion(address: string, query: string) {
  const whole = JSON.stringify({ query });
  const request = httpRequest(`${address}/api/v1/rag/query`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(whole),
      expect: '100-continue',
    },
  });
  request.flushHeaders();
  await once(request, 'continue');
  request.write(whole.slice(0, 5));
  return {
    async finish(): Promise<{ readonly status: number | undefined; readonly body: string }> {
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      request.end(whole.slice(5));
      const [response] = await answered;
      return { status: response.statusCode, body: await text(response) };
    },
  };
}
