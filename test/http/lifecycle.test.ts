import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { AskResponse } from '../../src/core/answer/answer.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { readinessSchema } from '../../src/http/contract/health.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { problemOf } from './expectations.ts';
import { askResponse, fakeDependencies, json, send, startServer, testOptions } from './harness.ts';

const PATH = '/api/v1/rag/query';

/** A use case that starts, and answers when the test says so. */
function gatedAsk() {
  const started = Promise.withResolvers<AbortSignal>();
  const gate = Promise.withResolvers<AskResponse>();
  return {
    started: started.promise,
    finish: () => gate.resolve(askResponse('slow')),
    ask(_request: unknown, signal: AbortSignal): Promise<AskResponse> {
      started.resolve(signal);
      return gate.promise;
    },
  };
}

describe('listen', () => {
  it('says which address is taken', async () => {
    await using first = await startServer();
    await using second = createHttpServer(fakeDependencies(), testOptions());
    await assert.rejects(second.listen({ host: '127.0.0.1', port: first.port }), (error) => {
      assert.ok(error instanceof HoldfastError);
      assert.equal(error.code, 'port_in_use');
      assert.ok(error.message.includes(`127.0.0.1:${first.port}`));
      return true;
    });
  });

  it('says so when the address is not one of this machine', async () => {
    await using server = createHttpServer(fakeDependencies(), testOptions());
    await assert.rejects(server.listen({ host: '192.0.2.1', port: 0 }), { code: 'invalid_configuration' });
  });

  it('resolves to a URL that can be used', async () => {
    await using server = createHttpServer(fakeDependencies(), testOptions());
    const url = await server.listen({ host: 'localhost', port: 0 });
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });
});

describe('drain', () => {
  it('lets a request in flight finish while it refuses new ones and readiness is gone', async () => {
    const slow = gatedAsk();
    await using server = await startServer({ ask: slow.ask });
    const inFlight = send(server, { method: 'POST', path: PATH, ...json({ query: 'slow' }) });
    const signal = await slow.started;
    let isDrained = false;
    const drained = server.server.drain().then(() => (isDrained = true));

    const ready = await send(server, { path: '/readyz' });
    assert.equal(ready.status, 503);
    assert.deepEqual(readinessSchema.parse(JSON.parse(ready.body)), {
      ready: false,
      state: 'stopping',
      reason: 'The server is shutting down',
    });
    assert.equal((await send(server, { path: '/livez' })).status, 200);
    const refused = await send(server, { method: 'POST', path: PATH, ...json({ query: 'new' }) });
    problemOf(refused, 503, 'shutting_down');
    assert.equal(refused.headers['retry-after'], '5');
    assert.equal(refused.headers.connection, 'close');
    assert.equal(isDrained, false);
    assert.equal(signal.aborted, false);

    slow.finish();
    assert.equal((await inFlight).status, 200);
    await drained;
  });

  it('aborts what is still in flight when its time is over, and says why', async () => {
    const slow = gatedAsk();
    await using server = await startServer({ ask: slow.ask }, { drainMs: 1 });
    const inFlight = send(server, { method: 'POST', path: PATH, ...json({ query: 'slow' }) });
    const signal = await slow.started;
    await server.server.drain();
    assert.ok(signal.reason instanceof HoldfastError && signal.reason.code === 'shutting_down');
    problemOf(await inFlight, 503, 'shutting_down');
  });

  it('is over at once when nothing is in flight, and may be called again', async () => {
    await using server = await startServer();
    await Promise.all([server.server.drain(), server.server.drain()]);
    await server.server.drain();
  });
});

describe('close', () => {
  it('closes connections that clients keep alive, and stops listening', async () => {
    await using server = await startServer();
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path: '/livez', agent });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { socket } = response;
    response.resume();
    await once(response, 'end');
    const closed = once(socket, 'close');
    await server.server.close();
    await closed;
    await assert.rejects(send(server, { path: '/livez' }), { code: 'ECONNREFUSED' });
  });

  it('does not wait for a connection that never sends anything', async () => {
    await using server = await startServer();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // A request on another connection: by then the server has accepted the silent one.
    await send(server, { path: '/livez' });
    const closed = once(socket, 'close');
    await server.server.close();
    socket.resume();
    await closed;
  });

  it('may be called again, also before listening', async () => {
    const server = createHttpServer(fakeDependencies(), testOptions());
    await server.close();
    await server.close();
  });
});
