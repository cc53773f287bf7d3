import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startFaultControl } from './control.ts';
import { closeServer, listenOn } from './listen.ts';

/** A control server, a proxy `web` in front of a server that says ok, and calls in JSON. */
async function rehearsal() {
  const server = createServer((_, response) => void response.end('ok'));
  const upstream = await listenOn(server, { host: '127.0.0.1', port: 0 });
  const control = await startFaultControl();
  const call = async (method: string, path: string, json?: unknown) => {
    const body = json === undefined ? null : JSON.stringify(json);
    const response = await fetch(control.url + path, { method, body });
    return { status: response.status, text: await response.text() };
  };
  return {
    control,
    upstream,
    call,
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      const closed = closeServer(server);
      server.closeAllConnections();
      await closed;
    },
  };
}

test('makes a proxy, spoils it, heals it and deletes it over HTTP', async () => {
  await using scene = await rehearsal();
  const made = await scene.call('POST', '/proxies', {
    name: 'web',
    upstream: scene.upstream,
    protocol: 'http',
  });
  assert.equal(made.status, 201);
  const { listen } = JSON.parse(made.text) as { listen: string };
  assert.equal(await (await fetch(`http://${listen}`)).text(), 'ok');
  const toxic = { type: 'http_status', status: 503, headers: { 'retry-after': '3' } };
  const added = await scene.call('POST', '/proxies/web/toxics', toxic);
  assert.deepEqual([added.status, JSON.parse(added.text)], [201, { id: 'http_status_downstream' }]);
  assert.equal((await fetch(`http://${listen}`)).headers.get('retry-after'), '3');
  const late = { type: 'latency', latency_ms: 1, direction: 'upstream', id: 'late' };
  assert.equal((await scene.call('POST', '/proxies/web/toxics', late)).status, 201);
  const shown = JSON.parse((await scene.call('GET', '/proxies/web/toxics')).text) as { items: unknown[] };
  assert.deepEqual(shown.items[1], { ...late, toxicity: 1 });
  assert.equal((await scene.call('DELETE', '/proxies/web/toxics/http_status_downstream')).status, 200);
  assert.equal((await fetch(`http://${listen}`)).status, 200);
  assert.equal((await scene.call('DELETE', '/proxies/web/toxics')).status, 200);
  assert.equal(scene.control.proxies().get('web')?.toxics().length, 0);
  assert.equal((await scene.call('DELETE', '/proxies/web')).status, 200);
  assert.deepEqual(JSON.parse((await scene.call('GET', '/proxies')).text), { items: [] });
  await assert.rejects(fetch(`http://${listen}`));
});

test('counts connections, bytes and injected faults for Prometheus', async () => {
  await using scene = await rehearsal();
  const toxics = [{ type: 'slicer', sizeBytes: 1000 }] as const;
  const proxy = await scene.control.create('web', { upstream: scene.upstream, toxics });
  await (await fetch(proxy.url)).text();
  const { text } = await scene.call('GET', '/metrics');
  assert.match(text, /^# TYPE holdfast_faults_connections_total counter$/m);
  assert.match(text, /^holdfast_faults_connections_total\{proxy="web"\} 1$/m);
  assert.match(text, /^holdfast_faults_bytes_total\{proxy="web",direction="downstream"\} [1-9]\d+$/m);
  assert.match(text, /^holdfast_faults_injected_total\{proxy="web",type="slicer"\} 1$/m);
});

test('refuses what does not exist or makes no sense, and says why', async () => {
  await using scene = await rehearsal();
  await scene.control.create('web', { upstream: scene.upstream });
  const wrong: readonly [string, string, unknown, number, RegExp][] = [
    ['GET', '/nope', undefined, 404, /there is no GET/],
    ['GET', '/proxies/nope', undefined, 404, /no proxy \\"nope\\"/],
    ['DELETE', '/proxies/web/toxics/nope', undefined, 404, /no toxic \\"nope\\"/],
    ['POST', '/proxies', { name: 'web', upstream: 'a:1' }, 400, /already/],
    ['POST', '/proxies', { name: 'a b', upstream: 'a:1' }, 400, /is no name/],
    ['POST', '/proxies', { name: 'b' }, 400, /upstream/],
    ['POST', '/proxies/web/toxics', { type: 'latency' }, 400, /needs \\"latency_ms\\"/],
    ['POST', '/proxies/web/toxics', { type: 'http_status', status: 500 }, 400, /protocol http/],
  ];
  for (const [method, path, json, status, message] of wrong) {
    const answer = await scene.call(method, path, json);
    assert.equal(answer.status, status, path);
    assert.match(answer.text, message);
  }
});

test('refuses calls that a web page could make', async () => {
  await using scene = await rehearsal();
  const response = await fetch(`${scene.control.url}/proxies`, {
    headers: { origin: 'http://evil.example' },
  });
  assert.equal(response.status, 403);
});
