import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { collected } from '../../../test/contract/collected.ts';
import { httpServer, modelFailure } from '../../../test/contract/model-failures.ts';
import { modelServer, type ModelServer } from './model-server.ts';

const NEVER = new AbortController().signal;

const server = (url: string): ModelServer => modelServer({ name: 'the server', url });

async function posted(models: ModelServer, signal = NEVER): Promise<unknown> {
  return (await models.post('/call', { text: 'é' }, signal)).json();
}

function answerJson(request: IncomingMessage, response: ServerResponse): void {
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"a":1}'));
}

interface Wire extends AsyncDisposable {
  readonly url: string;
}

/** A server below HTTP: what it does with each connection. */
async function wire(onConnection: (socket: Socket) => void, host = '127.0.0.1'): Promise<Wire> {
  const sockets: Socket[] = [];
  const listening = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  listening.listen(0, host);
  await once(listening, 'listening');
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(listening.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listening.close();
      await once(listening, 'close');
    },
  };
}

it('keeps its connection for the next call, and its signal free of listeners', async () => {
  const connections = new Set<Socket>();
  await using http = await httpServer((request, response) => {
    connections.add(request.socket);
    answerJson(request, response);
  });
  const { signal } = new AbortController();
  const models = server(`${http.url}//`);
  assert.deepEqual(await posted(models, signal), { a: 1 });
  assert.deepEqual(await collected((await models.get('/list', signal)).lines()), ['{"a":1}']);
  assert.deepEqual(await posted(models, signal), { a: 1 });
  assert.equal(connections.size, 1);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

it('sends the length of a body, asks for no compression, and puts paths behind that of the address', async () => {
  const seen: unknown[] = [];
  await using http = await httpServer((request, response) => {
    const { method, url, headers } = request;
    seen.push([method, url, headers['content-length'], headers['accept-encoding'], headers['authorization']]);
    answerJson(request, response);
  });
  const models = modelServer({ name: 'the server', url: `${http.url}/v1/`, apiKey: 'secret' });
  await posted(models);
  await (await models.get('/list', NEVER)).json();
  assert.deepEqual(seen, [
    ['POST', '/v1/call', '13', 'identity', 'Bearer secret'],
    ['GET', '/v1/list', undefined, 'identity', 'Bearer secret'],
  ]);
});

it('notices that a kept connection was closed while other work ran, and opens a new one', async () => {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}';
  const code = `
    const sockets = require('node:net').createServer((socket) => {
      socket.on('error', () => {}).on('data', () => socket.end(${JSON.stringify(answer)}));
    });
    sockets.listen(0, '127.0.0.1', () => console.log(sockets.address().port));`;
  const child = spawn(process.execPath, ['--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const models = server(`http://127.0.0.1:${port.toString().trim()}`);
    for (let call = 0; call < 10; call++) {
      assert.deepEqual(await posted(models), { a: 1 });
      // The event loop hears nothing meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  } finally {
    child.kill();
  }
});

it('takes a kept connection that is closed as the call goes out as unreachable, and then opens a new one', async () => {
  const used = new Set<Socket>();
  await using http = await httpServer((request, response) => {
    if (used.has(request.socket)) request.socket.destroy();
    used.add(request.socket);
    answerJson(request, response);
  });
  const models = server(http.url);
  await posted(models);
  const error = await modelFailure(posted(models));
  assert.deepEqual([error.failure, error.isRetryable], ['unreachable', true]);
  assert.deepEqual(await posted(models), { a: 1 });
});

it('closes the connection of a body that is left in the middle', async () => {
  const closed = Promise.withResolvers<void>();
  await using http = await httpServer((request, response) => {
    request.resume();
    response.on('close', closed.resolve).writeHead(200).write('one\ntwo\n');
  });
  for await (const line of (await server(http.url).post('/call', {}, NEVER)).lines()) {
    assert.equal(line, 'one');
    break;
  }
  await closed.promise;
});

it('closes the connection when it is aborted in the middle of a body', async () => {
  const closed = Promise.withResolvers<void>();
  await using http = await httpServer((request, response) => {
    request.resume();
    response.on('close', closed.resolve).writeHead(200).write('{"a":');
  });
  const controller = new AbortController();
  const answer = await server(http.url).post('/call', {}, controller.signal);
  const reading = answer.json();
  controller.abort('enough');
  await assert.rejects(reading, (error) => error === 'enough');
  await closed.promise;
  assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
});

it('reads no further than it needs of a refusal without end', async () => {
  const closed = Promise.withResolvers<void>();
  await using http = await httpServer((request, response) => {
    request.resume();
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    };
    response.on('close', closed.resolve).on('drain', write).writeHead(500);
    write();
  });
  assert.equal((await modelFailure(posted(server(http.url)))).failure, 'server_error');
  await closed.promise;
});

for (const status of [200, 400]) {
  it(`does not take a compressed body for text, with status ${status}`, async () => {
    await using http = await httpServer((request, response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      request.resume().on('end', () => response.writeHead(status, headers).end(gzipSync('{"a":1}')));
    });
    const error = await modelFailure(posted(server(http.url)));
    assert.equal(error.failure, status === 200 ? 'unusable' : 'rejected');
    assert.match(error.message, status === 200 ? /the coding "gzip", which/ : /with status 400$/);
  });
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

for (const [title, bytes, failure, text] of [
  ['no HTTP', 'SSH-2.0-OpenSSH_9\r\n', 'unusable', /does not speak HTTP/],
  ['no HTTP in the middle', `${CHUNKED}5\r\n{"a":\r\nzz\r\n`, 'unusable', /does not speak HTTP/],
  [
    'another protocol',
    'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    'unreachable',
    /./,
  ],
] as const) {
  it(`takes ${title} as ${failure}`, async () => {
    await using tcp = await wire((socket) => socket.on('data', () => socket.write(bytes)));
    const error = await modelFailure(posted(server(tcp.url)));
    assert.equal(error.failure, failure, error.message);
    assert.match(error.message, text);
  });
}

it('gives up a connection that never comes about', async (test) => {
  const begun = Promise.withResolvers<void>();
  await using tcp = await wire((socket) => socket.on('data', () => begun.resolve()));
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const failing = modelFailure(posted(server(tcp.url.replace('http:', 'https:'))));
  await begun.promise;
  test.mock.timers.tick(10_000);
  const error = await failing;
  assert.equal(error.failure, 'unreachable');
  assert.match(error.message, /took too long to accept a connection/);
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

for (const [host, address] of [
  ['127.0.0.1', 'localhost'],
  ['::1', '[::1]'],
] as const) {
  const skip = host === '::1' && !hasIpv6 && 'NOT CHECKED: no IPv6 here';
  it(`finds a server at ${address}`, { skip }, async () => {
    const body = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}';
    await using tcp = await wire((socket) => socket.on('data', () => socket.write(body)), host);
    assert.deepEqual(await posted(server(`http://${address}:${new URL(tcp.url).port}`)), { a: 1 });
  });
}

it('goes through the proxy of the environment when Node is told to', async () => {
  const seen: unknown[] = [];
  await using proxy = await httpServer((request, response) => {
    seen.push([request.url, request.headers.host]);
    answerJson(request, response);
  });
  const code = `
    import { modelServer } from ${JSON.stringify(new URL('model-server.ts', import.meta.url).href)};
    const models = modelServer({ name: 'it', url: 'http://models.invalid:1234/v1' });
    console.log(await (await models.get('/list', new AbortController().signal)).json());`;
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { env });
  assert.deepEqual(seen, [['http://models.invalid:1234/v1/list', 'models.invalid:1234']]);
});
