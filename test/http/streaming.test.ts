import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import type { AnswerEvent } from '../../src/core/answer/answer.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { problemSchema } from '../../src/http/contract/problem.ts';
import { askResponseSchema, citationSchema, searchResponseSchema } from '../../src/http/contract/search.ts';
import { problemOf } from './expectations.ts';
import { answerEvents, DEGRADED, json, parseEvents, searchResponse, send, startServer } from './harness.ts';

const PATH = '/api/v1/rag/query';

function stream(server: { readonly port: number }, body: unknown) {
  return send(server, { method: 'POST', path: PATH, ...json(body) });
}

/** Asks for a stream and waits for its headers. */
async function openStream({ port }: { readonly port: number }) {
  const { headers, body } = json({ query: 'backups', stream: true });
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: PATH, headers, agent: false });
  // The test itself cuts the connection.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return { request, response };
}

describe('a streamed answer', () => {
  it('sends its events in order, each in the shape of the contract', async () => {
    await using server = await startServer();
    const response = await stream(server, { query: 'backups', stream: true });
    assert.equal(response.status, 200);
    assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(response.headers['cache-control'], 'no-store, no-transform');
    const events = parseEvents(response.body);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['retrieval', 'delta', 'citation', 'final'],
    );
    searchResponseSchema.parse(events[0]?.data);
    assert.deepEqual(events[1]?.data, { text: 'Backups run daily at 02:00 [1].' });
    citationSchema.parse(events[2]?.data);
    askResponseSchema.parse(events[3]?.data);
  });

  it('ends with what the answer that is not streamed says', async () => {
    await using server = await startServer();
    const plain = await stream(server, { query: 'backups' });
    const events = parseEvents((await stream(server, { query: 'backups', stream: true })).body);
    assert.deepEqual(events.at(-1)?.data, JSON.parse(plain.body));
  });

  it('is chosen by the Accept header too, unless the body says no', async () => {
    await using server = await startServer();
    const accepting = (body: unknown) => {
      const sent = json(body);
      const headers = { ...sent.headers, accept: 'text/event-stream' };
      return send(server, { method: 'POST', path: PATH, ...sent, headers });
    };
    assert.match((await accepting({ query: 'x' })).headers['content-type'] ?? '', /event-stream/);
    assert.match((await accepting({ query: 'x', stream: false })).headers['content-type'] ?? '', /json/);
    assert.match((await accepting({ query: 'x', mode: 'search' })).headers['content-type'] ?? '', /json/);
  });

  it('cannot be had of search results', async () => {
    await using server = await startServer();
    const problem = problemOf(
      await stream(server, { query: 'x', mode: 'search', stream: true }),
      400,
      'invalid_request',
    );
    assert.equal(problem.problems?.[0]?.name, 'stream');
  });

  it('keeps text with line ends in one data line', async () => {
    await using server = await startServer({
      async *askStream(): AsyncGenerator<AnswerEvent> {
        yield { type: 'delta', data: { text: 'one\n\ntwo\r\nevent: final\n' } };
      },
    });
    const events = parseEvents((await stream(server, { query: 'x', stream: true })).body);
    assert.deepEqual(events, [{ event: 'delta', data: { text: 'one\n\ntwo\r\nevent: final\n' } }]);
  });

  it('carries degradations as events and in a header', async () => {
    await using server = await startServer({
      async *askStream({ query }): AsyncGenerator<AnswerEvent> {
        yield { type: 'retrieval', data: { ...searchResponse(query), degraded: [DEGRADED] } };
        yield { type: 'degraded', data: DEGRADED };
      },
    });
    const response = await stream(server, { query: 'x', stream: true });
    assert.equal(response.headers['x-degraded'], 'embedding=lexical_only');
    assert.deepEqual(parseEvents(response.body).at(-1), { event: 'degraded', data: DEGRADED });
  });

  it('is an ordinary problem when it fails before the first event', async () => {
    await using server = await startServer();
    const response = await stream(server, { query: 'x', stream: true, collections: ['nowhere'] });
    problemOf(response, 404, 'collection_not_found');
  });

  it('ends with an error event when it fails later', async () => {
    await using server = await startServer({
      async *askStream({ query }): AsyncGenerator<AnswerEvent> {
        yield { type: 'retrieval', data: searchResponse(query) };
        throw new HoldfastError('storage_failed', 'The catalog cannot be read');
      },
    });
    const events = parseEvents((await stream(server, { query: 'x', stream: true })).body);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['retrieval', 'error'],
    );
    const problem = problemSchema.parse(events[1]?.data);
    assert.equal(problem.code, 'storage_failed');
    assert.equal(problem.status, 503);
    assert.equal(server.log.filter(({ level }) => level === 'error').length, 1);
  });

  it('ends with an error event at the deadline when the work hangs', async () => {
    await using server = await startServer({
      async *askStream({ query }): AsyncGenerator<AnswerEvent> {
        yield { type: 'retrieval', data: searchResponse(query) };
        await new Promise(() => undefined);
      },
    });
    const sent = json({ query: 'x', stream: true });
    const headers = { ...sent.headers, 'x-request-deadline-ms': '20' };
    const response = await send(server, { method: 'POST', path: PATH, ...sent, headers });
    const events = parseEvents(response.body);
    assert.equal(events.at(-1)?.event, 'error');
    assert.equal(problemSchema.parse(events.at(-1)?.data).code, 'deadline_exceeded');
  });

  it('stops the work when the client goes away, and logs no error', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const returned = Promise.withResolvers<void>();
    await using server = await startServer({
      async *askStream({ query }, signal): AsyncGenerator<AnswerEvent> {
        try {
          yield { type: 'retrieval', data: searchResponse(query) };
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          aborted.resolve(signal.reason);
          yield* answerEvents(query);
        } finally {
          returned.resolve();
        }
      },
    });
    const { request, response } = await openStream(server);
    await once(response, 'data');
    request.destroy();
    assert.ok((await aborted.promise) instanceof DOMException);
    await returned.promise;
    await server.server.close();
    assert.deepEqual(
      server.log.map(({ level, fields }) => [level, fields['complete']]),
      [['info', false]],
    );
  });

  it('stops an answer that is not streamed when the client goes away, too', async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await using server = await startServer({
      ask(_request, signal) {
        signal.addEventListener('abort', () => aborted.resolve());
        started.resolve();
        return new Promise(() => undefined);
      },
    });
    const { headers, body } = json({ query: 'backups' });
    const { port } = server;
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: PATH,
      headers,
      agent: false,
    });
    request.on('error', () => undefined);
    request.end(body);
    await started.promise;
    request.destroy();
    await aborted.promise;
    await server.server.close();
    assert.deepEqual(
      server.log.map(({ level }) => level),
      ['info'],
    );
  });
});
