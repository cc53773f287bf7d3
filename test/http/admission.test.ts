import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError } from '../../src/core/errors.ts';
import type { RequestKind } from '../../src/http/plugins/admission.ts';
import { problemOf } from './expectations.ts';
import { json, send, startServer, type RawRequest } from './harness.ts';

const REQUESTS: readonly (readonly [kind: RequestKind | null, request: RawRequest])[] = [
  [null, { path: '/livez' }],
  [null, { path: '/readyz' }],
  [null, { path: '/health' }],
  [null, { path: '/api/v1/rag/status' }],
  ['search', { path: '/api/v1/rag/search?q=x' }],
  ['query', { method: 'POST', path: '/api/v1/rag/query', ...json({ query: 'x' }) }],
  ['read', { path: '/api/v1/rag/collections' }],
  ['write', { method: 'POST', path: '/api/v1/rag/collections', ...json({ name: 'new' }) }],
  ['write', { method: 'POST', path: '/api/v1/rag/collections/docs/documents', ...json({ text: 'x' }) }],
  ['write', { method: 'DELETE', path: '/api/v1/rag/collections/docs' }],
];

function refuse(): never {
  throw new HoldfastError('overloaded', 'Overloaded: 8 wait for their turn');
}

describe('admission', () => {
  it('sorts requests by what they cost and how much they matter', async () => {
    const kinds: (RequestKind | null)[] = [];
    await using server = await startServer({ admit: (kind) => kinds.push(kind) });
    for (const [expected, request] of REQUESTS) {
      kinds.length = 0;
      await send(server, request);
      assert.deepEqual(kinds, expected === null ? [] : [expected], request.path);
    }
  });

  it('refuses with a code and a time to come back, and answers health all the same', async () => {
    await using server = await startServer({ admit: refuse });
    for (const [kind, request] of REQUESTS) {
      const response = await send(server, request);
      if (kind === null) assert.equal(response.status, 200, request.path);
      else {
        problemOf(response, 503, 'overloaded');
        assert.equal(response.headers['retry-after'], '1');
      }
    }
    assert.deepEqual(
      server.log.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('refuses a question that finds no turn in the same way, also as a stream', async () => {
    await using server = await startServer({
      ask: async () => refuse(),
      async *askStream() {
        yield refuse();
      },
    });
    for (const stream of [false, true]) {
      const path = '/api/v1/rag/query';
      const response = await send(server, { method: 'POST', path, ...json({ query: 'x', stream }) });
      problemOf(response, 503, 'overloaded');
      assert.equal(response.headers['retry-after'], '1');
    }
  });
});
