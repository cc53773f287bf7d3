import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { listenOn } from './listen.ts';
import { createFaultProxy, type FaultProxy, type FaultProxyOptions } from './proxy.ts';

/** A server behind a proxy. */
interface Pair extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** Sockets that the server has. */
  readonly accepted: readonly Socket[];
}

async function behindProxy(server: Server, options: Partial<FaultProxyOptions> = {}): Promise<Pair> {
  const accepted: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    accepted.push(socket);
  });
  const upstream = await listenOn(server, { host: '127.0.0.1', port: 0 });
  const proxy = await createFaultProxy({ upstream, ...options });
  return {
    proxy,
    accepted,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      server.close();
      for (const socket of accepted) socket.destroy();
    },
  };
}

/** Says everything back and ends when the client does. */
async function echo(options: Partial<FaultProxyOptions> = {}): Promise<Pair> {
  return behindProxy(
    createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)),
    options,
  );
}

async function dial({ address }: FaultProxy): Promise<Socket> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** What comes back until the end, and the code of the error that ended it. */
async function exchange(proxy: FaultProxy, data: Buffer): Promise<{ back: Buffer[]; error: string | null }> {
  const back: Buffer[] = [];
  let error: string | null = null;
  try {
    const socket = await dial(proxy);
    socket.end(data);
    for await (const piece of socket) back.push(piece as Buffer);
  } catch (thrown) {
    error = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
  }
  return { back, error };
}

const DATA = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

test('passes data and ends unchanged, and counts them', async () => {
  await using pair = await echo();
  const { back, error } = await exchange(pair.proxy, DATA);
  assert.equal(error, null);
  assert.deepEqual(Buffer.concat(back), DATA);
  const { connections, bytes, injected } = pair.proxy.counts();
  assert.deepEqual([connections, injected], [1, {}]);
  assert.deepEqual(bytes, { downstream: DATA.length, upstream: DATA.length });
});

test('keeps the order and the content of data through latency, jitter, slices and a bandwidth', async () => {
  await using pair = await echo({
    toxics: [
      { type: 'latency', latencyMs: 5, jitterMs: 5 },
      { type: 'slicer', sizeBytes: 7001, direction: 'upstream' },
      { type: 'bandwidth', bytesPerSecond: 10_000_000 },
      { type: 'slow_close', delayMs: 5 },
    ],
  });
  const { back, error } = await exchange(pair.proxy, DATA);
  assert.equal(error, null);
  assert.deepEqual(Buffer.concat(back), DATA);
  assert.deepEqual(pair.proxy.counts().injected, { latency: 1, slicer: 1, bandwidth: 1, slow_close: 1 });
});

test('holds data back for the latency and for the bandwidth', async () => {
  await using pair = await echo();
  for (const toxic of [
    { type: 'latency', latencyMs: 60 },
    { type: 'bandwidth', bytesPerSecond: 1_700_000 },
    { type: 'slow_close', delayMs: 60 },
  ] as const) {
    const id = await pair.proxy.add(toxic);
    const began = performance.now();
    await exchange(pair.proxy, DATA);
    assert.ok(performance.now() - began >= 50, toxic.type);
    await pair.proxy.remove(id);
  }
});

test('refuses connections while it is down, resets live ones, and is back on the same port', async () => {
  await using pair = await echo();
  const live = await dial(pair.proxy);
  live.write('x');
  await once(live, 'data');
  const ended = once(live, 'error');
  const id = await pair.proxy.add({ type: 'down' });
  const [error] = (await ended) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
  assert.equal((await exchange(pair.proxy, DATA)).error, 'ECONNREFUSED');
  assert.equal(pair.proxy.connections(), 0);
  await pair.proxy.remove(id);
  assert.deepEqual(Buffer.concat((await exchange(pair.proxy, DATA)).back), DATA);
});

test('takes connections and closes them in the mode close, without a call to the server', async () => {
  await using pair = await echo({ toxics: [{ type: 'down', mode: 'close' }] });
  const { back } = await exchange(pair.proxy, Buffer.from('x'));
  assert.deepEqual(back, []);
  assert.equal(pair.accepted.length, 0);
});

test('says nothing during a timeout, and goes on when it is removed', async () => {
  await using pair = await echo({ toxics: [{ type: 'timeout' }] });
  const socket = await dial(pair.proxy);
  socket.write('held');
  while (pair.proxy.counts().bytes.downstream === 0) await new Promise(setImmediate);
  assert.equal(socket.bytesRead, 0);
  const data = once(socket, 'data');
  await pair.proxy.clear();
  assert.equal(String((await data)[0]), 'held');
  socket.destroy();
});

test('closes after a timeout that has an end, even when nobody speaks', async () => {
  await using pair = await echo({ toxics: [{ type: 'timeout', timeoutMs: 1 }] });
  const socket = await dial(pair.proxy);
  socket.resume();
  await once(socket, 'end');
  socket.destroy();
});

test('loses one direction only', async () => {
  await using pair = await echo({ toxics: [{ type: 'timeout', direction: 'upstream' }] });
  const socket = await dial(pair.proxy);
  socket.write('lost');
  while (pair.proxy.counts().bytes.upstream === 0) await new Promise(setImmediate);
  assert.equal(pair.accepted[0]?.bytesRead ?? 0, 0);
  pair.accepted[0]?.write('heard');
  assert.equal(String((await once(socket, 'data'))[0]), 'heard');
  socket.destroy();
});

test('resets the client', async () => {
  await using pair = await echo({ toxics: [{ type: 'reset_peer' }] });
  assert.equal((await exchange(pair.proxy, Buffer.alloc(0))).error, 'ECONNRESET');
});

test('cuts after so many bytes, with a close or with a reset', async () => {
  await using pair = await echo({ toxics: [{ type: 'limit_data', bytes: 70_001 }] });
  const closed = await exchange(pair.proxy, DATA);
  assert.deepEqual(Buffer.concat(closed.back), DATA.subarray(0, 70_001));
  await pair.proxy.add({ type: 'limit_data', bytes: 10, closing: 'reset' });
  assert.equal((await exchange(pair.proxy, DATA)).error, 'ECONNRESET');
});

test('slices data into single bytes', async () => {
  await using pair = await echo({ toxics: [{ type: 'slicer', sizeBytes: 1, delayMs: 1 }] });
  const { back } = await exchange(pair.proxy, Buffer.from('abcdef'));
  assert.equal(String(Buffer.concat(back)), 'abcdef');
  assert.ok(back.length > 1);
});

test('flips single bits and keeps the length', async () => {
  await using pair = await echo({ toxics: [{ type: 'corrupt', everyBytes: 1000 }] });
  const back = Buffer.concat((await exchange(pair.proxy, DATA)).back);
  assert.equal(back.length, DATA.length);
  const wrong = back.reduce((sum, byte, index) => sum + (byte === DATA[index] ? 0 : 1), 0);
  assert.ok(wrong > 50 && wrong < 200, String(wrong));
});

test('works on the share of connections that toxicity says', async () => {
  let turn = 0;
  await using pair = await echo({
    toxics: [{ type: 'limit_data', bytes: 0, toxicity: 0.5 }],
    random: () => (turn++ % 2 === 0 ? 0.25 : 0.75),
  });
  const lengths: number[] = [];
  for (let round = 0; round < 4; round++)
    lengths.push(Buffer.concat((await exchange(pair.proxy, Buffer.from('data'))).back).length);
  assert.deepEqual(lengths, [0, 4, 0, 4]);
  assert.deepEqual(pair.proxy.counts().injected, { limit_data: 2 });
});

test('resets the client when the server cannot be reached, and ends the server when the client leaves', async () => {
  await using lost = await createFaultProxy({ upstream: '127.0.0.1:1' });
  assert.equal((await exchange(lost, DATA)).error, 'ECONNRESET');
  await using pair = await echo();
  const socket = await dial(pair.proxy);
  socket.write('x');
  await once(socket, 'data');
  const gone = once(pair.accepted[0] ?? socket, 'close');
  socket.destroy();
  await gone;
  while (pair.proxy.connections() > 0) await new Promise(setImmediate);
});

test('refuses what it cannot do, with the name and the value', async () => {
  await assert.rejects(createFaultProxy({ upstream: 'nowhere' }), /"nowhere" is no address/);
  await using pair = await echo();
  const wrong: readonly [unknown, RegExp][] = [
    [{ type: 'gremlin' }, /there is no toxic "gremlin"; there are latency, /],
    [{ type: 'latency' }, /needs "latencyMs"/],
    [{ type: 'latency', latencyMs: -1 }, /"latencyMs" of the toxic latency cannot be -1/],
    [{ type: 'down', speed: 1 }, /the toxic down has no "speed"/],
    [{ type: 'down', toxicity: 2 }, /"toxicity" of the toxic down cannot be 2/],
    [{ type: 'http_status', status: 500 }, /needs a proxy with the protocol http/],
  ];
  for (const [toxic, message] of wrong) await assert.rejects(pair.proxy.add(toxic as never), message);
  assert.deepEqual(pair.proxy.toxics(), []);
});

async function httpEcho(options: Partial<FaultProxyOptions> = {}): Promise<Pair> {
  const server = createHttpServer((request, response) => {
    response.setHeader('x-path', request.url ?? '');
    response.setHeader('x-host', request.headers.host ?? '');
    request.pipe(response);
  });
  return behindProxy(server, { protocol: 'http', ...options });
}

test('relays HTTP with method, path, body and headers, and calls the server by its own name', async () => {
  await using pair = await httpEcho();
  for (const body of ['hello', 'again']) {
    const response = await fetch(`${pair.proxy.url}/a%20b?c=d`, { method: 'POST', body });
    assert.equal(response.headers.get('x-path'), '/a%20b?c=d');
    assert.equal(response.headers.get('x-host'), pair.proxy.upstream);
    assert.equal(await response.text(), body);
  }
});

test('answers with a status and its headers without a call to the server', async () => {
  const headers = { 'retry-after': '7' };
  await using pair = await httpEcho({
    toxics: [{ type: 'http_status', status: 429, body: '{"error":"slow"}', headers }],
  });
  const response = await fetch(pair.proxy.url, { method: 'POST', body: 'x' });
  assert.deepEqual([response.status, response.headers.get('retry-after')], [429, '7']);
  assert.equal(await response.text(), '{"error":"slow"}');
  assert.equal(pair.accepted.length, 0);
});

test('sets and removes headers, and changes bodies', async () => {
  await using pair = await httpEcho({
    toxics: [
      { type: 'http_headers', headers: { 'X-Path': null, 'x-new': 'yes' } },
      { type: 'http_body', mode: 'prepend', text: '<', id: 'before' },
      { type: 'http_body', mode: 'append', text: '>', id: 'after' },
    ],
  });
  const post = async (): Promise<Response> => fetch(pair.proxy.url, { method: 'POST', body: 'body' });
  const response = await post();
  assert.deepEqual([response.headers.get('x-path'), response.headers.get('x-new')], [null, 'yes']);
  assert.equal(await response.text(), '<body>');
  await pair.proxy.clear();
  await pair.proxy.add({ type: 'http_body', mode: 'replace', text: 'other' });
  assert.equal(await (await post()).text(), 'other');
});

test('spoils the share of HTTP requests that toxicity says, on one connection too', async () => {
  let turn = 0;
  await using pair = await httpEcho({
    toxics: [{ type: 'http_status', status: 503, toxicity: 0.5 }],
    random: () => (turn++ % 2 === 0 ? 0.25 : 0.75),
  });
  const statuses: number[] = [];
  for (let round = 0; round < 4; round++) {
    const response = await fetch(pair.proxy.url);
    statuses.push(response.status);
    await response.arrayBuffer();
  }
  assert.deepEqual(statuses, [503, 200, 503, 200]);
});

test('streams HTTP bodies as they come, breaks them when the server breaks, and frees the server on an abort', async () => {
  const server = createHttpServer((request, response) => {
    response.write('first');
    request.once('close', () => response.destroy());
    if (request.url === '/broken') setImmediate(() => response.destroy());
  });
  await using pair = await behindProxy(server, { protocol: 'http' });
  await assert.rejects(async () => (await fetch(`${pair.proxy.url}/broken`)).text());
  const gone = new AbortController();
  const response = await fetch(`${pair.proxy.url}/stream`, { signal: gone.signal });
  const reader = response.body?.getReader();
  assert.equal(String(Buffer.from((await reader?.read())?.value ?? [])), 'first');
  const last = pair.accepted.at(-1);
  assert.ok(last);
  const closed = once(last, 'close');
  gone.abort();
  await assert.rejects(async () => reader?.read());
  await closed;
});
