import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { healthSchema, livenessSchema, readinessSchema } from '../../src/http/contract/health.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { problemOf } from './expectations.ts';
import { fakeDependencies, json, send, startServer, testOptions } from './harness.ts';

const QUERY = '/api/v1/rag/query';
const JSON_TYPE = { 'content-type': 'application/json' };

/** What the server writes back to bytes that a proper client would not send. */
async function sendBytes({ port }: { readonly port: number }, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.write(bytes, 'latin1');
  let received = '';
  socket.on('data', (part: string) => (received += part));
  await once(socket, 'close');
  return received;
}

describe('a body that is not what it should be', () => {
  it('is refused when it is broken JSON, naming the place', async () => {
    await using server = await startServer();
    for (const body of ['{"query": ', '{query: 1}', 'null x', '{"a":1}}']) {
      const response = await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE, body });
      assert.match(problemOf(response, 400, 'invalid_json').detail, /JSON/);
    }
  });

  it('is refused when it is not UTF-8', async () => {
    await using server = await startServer();
    const body = Buffer.concat([Buffer.from('{"query":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const response = await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE, body });
    assert.match(problemOf(response, 400, 'invalid_json').detail, /UTF-8/);
  });

  it('is refused when it reaches for the prototype', async () => {
    await using server = await startServer();
    const body = '{"query":"x","__proto__":{"mode":"search"}}';
    const response = await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE, body });
    assert.match(problemOf(response, 400, 'invalid_json').detail, /__proto__/);
  });

  it('is refused when it is no object', async () => {
    await using server = await startServer();
    for (const body of ['[]', '"text"', 'null', '3']) {
      const response = await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE, body });
      assert.match(problemOf(response, 400, 'invalid_request').detail, /Expected an object/);
    }
  });

  it('is refused when it is missing', async () => {
    await using server = await startServer();
    problemOf(await send(server, { method: 'POST', path: QUERY }), 400, 'invalid_request');
    problemOf(
      await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE }),
      400,
      'invalid_request',
    );
  });

  it('is refused when its content type is another', async () => {
    await using server = await startServer();
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'nonsense']) {
      const headers = { 'content-type': type };
      const response = await send(server, { method: 'POST', path: QUERY, headers, body: '{"query":"x"}' });
      assert.ok(problemOf(response, 415, 'unsupported_media_type').detail.includes(type));
    }
  });

  it('is refused above 256 KiB', async () => {
    await using server = await startServer();
    const sent = json({ query: 'x', history: 'y'.repeat(256 * 1024) });
    const problem = problemOf(
      await send(server, { method: 'POST', path: QUERY, ...sent }),
      413,
      'body_too_large',
    );
    assert.match(problem.detail, /262144 bytes/);
  });

  it('does no harm when it is nested deeply', async () => {
    await using server = await startServer();
    const body = `{"query":"x","filter":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
    const response = await send(server, { method: 'POST', path: QUERY, headers: JSON_TYPE, body });
    problemOf(response, 400, 'invalid_filter');
  });
});

describe('a route that is not there', () => {
  it('answers 404', async () => {
    await using server = await startServer();
    for (const path of ['/', '/nope', '/api/v1/rag', '/api/v1/rag/query/', '/api/v1/rag/QUERY', '//livez']) {
      problemOf(await send(server, { path }), 404, 'route_not_found');
    }
  });

  it('answers before it reads a body', async () => {
    await using server = await startServer();
    const response = await send(server, { method: 'POST', path: '/nope', headers: JSON_TYPE, body: '{' });
    problemOf(response, 404, 'route_not_found');
  });

  it('answers 405 with the methods of a known path', async () => {
    await using server = await startServer();
    const cases = [
      ['GET', QUERY, 'POST, OPTIONS'],
      ['POST', '/api/v1/rag/search', 'GET, HEAD, OPTIONS'],
      ['PUT', '/api/v1/rag/collections/docs', 'GET, HEAD, PATCH, DELETE, OPTIONS'],
      ['DELETE', '/health', 'GET, HEAD, OPTIONS'],
      ['PROPFIND', '/api/v1/rag/collections', 'GET, HEAD, POST, OPTIONS'],
    ] as const;
    for (const [method, path, allow] of cases) {
      const response = await send(server, { method, path });
      problemOf(response, 405, 'method_not_allowed');
      assert.equal(response.headers.allow, allow);
    }
  });

  it('answers OPTIONS with the methods and without leave for other origins', async () => {
    await using server = await startServer();
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await send(server, { method: 'OPTIONS', path: QUERY, headers });
    assert.equal(response.status, 204);
    assert.equal(response.headers.allow, 'POST, OPTIONS');
    assert.deepEqual(
      Object.keys(response.headers).filter((name) => name.startsWith('access-control-')),
      [],
    );
  });

  it('answers HEAD like GET, without the body', async () => {
    await using server = await startServer();
    const response = await send(server, { method: 'HEAD', path: '/api/v1/rag/collections' });
    assert.equal(response.status, 200);
    assert.equal(response.body, '');
    const missing = await send(server, { method: 'HEAD', path: '/api/v1/rag/collections/nowhere' });
    assert.equal(missing.status, 404);
    assert.equal(missing.body, '');
  });

  it('refuses a broken percent-encoding with every header of a response', async () => {
    await using server = await startServer();
    const response = await send(server, { path: '/api/v1/rag/collections/%E0%A4%A' });
    problemOf(response, 400, 'invalid_request');
    assert.equal(response.headers['x-content-type-options'], 'nosniff');
  });

  it('refuses a URL above the limit with 414', async () => {
    await using server = await startServer({}, { maxUrlBytes: 1_000 });
    const path = `/api/v1/rag/search?q=${'x'.repeat(1_000)}`;
    assert.match(problemOf(await send(server, { path }), 414, 'url_too_long').detail, /1000 bytes/);
    const name = await send(server, { path: `/api/v1/rag/collections/${'x'.repeat(900)}` });
    problemOf(name, 404, 'collection_not_found');
  });

  it('refuses headers above the limit with 431', async () => {
    await using server = await startServer();
    const response = await send(server, { path: '/livez', headers: { 'x-large': 'x'.repeat(60_000) } });
    problemOf(response, 431, 'headers_too_large');
  });

  it('answers what is not HTTP and closes', async () => {
    await using server = await startServer();
    const received = await sendBytes(server, 'SSH-2.0-OpenSSH_9.6\r\n\r\n');
    assert.match(received, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(received, /"code":"invalid_request"/);
  });
});

describe('the Host header', () => {
  it('may name this machine with any port', async () => {
    await using server = await startServer();
    for (const host of [
      'localhost',
      'localhost:1234',
      '127.0.0.1',
      '127.0.0.1:80',
      '[::1]:8600',
      'LOCALHOST',
    ]) {
      assert.equal((await send(server, { path: '/livez', headers: { host } })).status, 200, host);
    }
  });

  it('may name nothing else on a loopback address, so that DNS rebinding fails', async () => {
    await using server = await startServer();
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:8600', '10.0.0.1']) {
      for (const path of ['/livez', '/api/v1/rag/collections', '/nope']) {
        problemOf(await send(server, { path, headers: { host } }), 403, 'host_not_allowed');
      }
    }
  });

  it('may not be missing, as it may in HTTP/1.0', async () => {
    await using server = await startServer();
    const received = await sendBytes(server, 'GET /livez HTTP/1.0\r\n\r\n');
    assert.match(received, /^HTTP\/1\.1 403 /);
    assert.match(received, /"code":"host_not_allowed"/);
  });

  it('may name what the configuration allows', async () => {
    await using server = await startServer({}, { allowedHosts: ['Docs.Internal'] });
    const response = await send(server, { path: '/livez', headers: { host: 'docs.internal:8600' } });
    assert.equal(response.status, 200);
  });

  it('is not checked on another address, where clients use names that nobody listed', async () => {
    await using server = createHttpServer(fakeDependencies(), testOptions());
    const port = Number(new URL(await server.listen({ host: '0.0.0.0', port: 0 })).port);
    const response = await send({ port }, { path: '/livez', headers: { host: 'anything.example' } });
    assert.equal(response.status, 200);
  });
});

describe('the Origin header', () => {
  it('lets a page of this server write and stops every other page', async () => {
    await using server = await startServer();
    const host = `localhost:${server.port}`;
    const post = (origin: string) => {
      const sent = json({ query: 'x' });
      return send(server, {
        method: 'POST',
        path: QUERY,
        ...sent,
        headers: { ...sent.headers, host, origin },
      });
    };
    assert.equal((await post(`http://${host}`)).status, 200);
    // Behind a proxy that ends TLS.
    assert.equal((await post(`https://${host}`)).status, 200);
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1']) {
      problemOf(await post(origin), 403, 'forbidden');
    }
  });
});

describe('every response', () => {
  it('carries a request id: the one sent when it is sane, else a new one', async () => {
    await using server = await startServer();
    const idFor = async (id: string) =>
      (await send(server, { path: '/livez', headers: { 'x-request-id': id } })).headers['x-request-id'];
    assert.equal(await idFor('trace-1.a_B:9'), 'trace-1.a_B:9');
    for (const id of ['', 'has space', '"quoted"', 'x'.repeat(129), '<script>']) {
      assert.match(String(await idFor(id)), /^request-\d+$/);
    }
  });

  it('forbids sniffing and caching, also when it is an error', async () => {
    await using server = await startServer();
    for (const path of ['/api/v1/rag/collections', '/nope']) {
      const { headers } = await send(server, { path });
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-powered-by'], undefined);
    }
  });

  it('is 403 under /api when requests without credentials are not trusted', async () => {
    await using server = await startServer({}, { trustLocal: false });
    problemOf(await send(server, { path: '/api/v1/rag/collections' }), 403, 'forbidden');
    assert.equal((await send(server, { path: '/livez' })).status, 200);
  });
});

describe('health', () => {
  it('is 200 while answers are possible and 503 when they are not', async () => {
    const health = await fakeDependencies().checkHealth();
    for (const [state, status] of [
      ['ok', 200],
      ['degraded', 200],
      ['down', 503],
    ] as const) {
      await using server = await startServer({ checkHealth: async () => ({ ...health, state }) });
      const response = await send(server, { path: '/health' });
      assert.equal(response.status, status);
      assert.equal(healthSchema.parse(JSON.parse(response.body)).state, state);
      assert.equal((await send(server, { path: '/api/v1/rag/status' })).status, 200);
    }
  });

  it('is alive whatever the dependencies do', async () => {
    await using server = await startServer({ checkHealth: () => Promise.reject(new Error('down')) });
    const response = await send(server, { path: '/livez' });
    assert.deepEqual(livenessSchema.parse(JSON.parse(response.body)), { alive: true });
  });

  it('is ready while a model is being loaded, and says so', async () => {
    const warming = { state: 'warming', reason: 'generator: tiny is being loaded' } as const;
    await using server = await startServer({ checkReadiness: () => warming });
    const response = await send(server, { path: '/readyz' });
    assert.equal(response.status, 200);
    assert.deepEqual(readinessSchema.parse(JSON.parse(response.body)), { ready: true, ...warming });
  });
});
