import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AskRequest } from '../../src/core/answer/answer.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import type { SearchRequest } from '../../src/core/retrieval/search.ts';
import { askResponseSchema, searchResponseSchema } from '../../src/http/contract/search.ts';
import { problemOf } from './expectations.ts';
import { askResponse, DEGRADED, json, searchResponse, send, startServer } from './harness.ts';

const PATH = '/api/v1/rag/query';

function ask(server: { readonly port: number }, body: unknown, headers: Record<string, string> = {}) {
  const sent = json(body);
  return send(server, { method: 'POST', path: PATH, ...sent, headers: { ...sent.headers, ...headers } });
}

function search(server: { readonly port: number }, parameters: string) {
  return send(server, { path: `/api/v1/rag/search?${parameters}` });
}

describe('POST /query', () => {
  it('answers with the object of the contract', async () => {
    await using server = await startServer();
    const response = await ask(server, { query: 'When do backups run?' });
    assert.equal(response.status, 200);
    const answer = askResponseSchema.parse(JSON.parse(response.body));
    assert.equal(answer.answer.text, 'Backups run daily at 02:00 [1].');
    const [citation] = answer.citations;
    assert.deepEqual(Object.keys(citation ?? {}).sort(), [
      'chunk_id',
      'collection',
      'document_id',
      'document_version',
      'end',
      'heading_path',
      'lines',
      'marker',
      'page',
      'quote',
      'start',
      'title',
      'uri',
    ]);
    assert.equal(response.headers['x-degraded'], undefined);
  });

  it('hands the use case what was asked, with defaults', async () => {
    const asked: AskRequest[] = [];
    await using server = await startServer({
      async ask(request) {
        asked.push(request);
        return askResponse(request.query);
      },
    });
    await ask(server, { query: '  spaced  ' });
    await ask(server, {
      query: 'all set',
      collections: ['docs', 'docs', 'wiki'],
      filter: { lang: 'en' },
      top_k: 3,
      retrieval_mode: 'lexical',
      max_answer_chars: 100,
      distinct: true,
      history: [{ role: 'user', content: 'before' }],
    });
    assert.deepEqual(asked, [
      {
        tenant: 'default',
        query: 'spaced',
        collections: [],
        filter: {},
        topK: 10,
        mode: 'hybrid',
        distinct: false,
        maxAnswerChars: 400,
      },
      {
        tenant: 'default',
        query: 'all set',
        collections: ['docs', 'wiki'],
        filter: { lang: { kind: 'equals', value: 'en' } },
        topK: 3,
        mode: 'lexical',
        distinct: true,
        maxAnswerChars: 100,
        history: [{ role: 'user', content: 'before' }],
      },
    ]);
  });

  it('gives results without an answer in mode search', async () => {
    await using server = await startServer();
    const response = await ask(server, { query: 'backups', mode: 'search' });
    assert.equal(searchResponseSchema.parse(JSON.parse(response.body)).results.length, 1);
  });

  it('says in a header what is missing from a degraded answer', async () => {
    await using server = await startServer({
      ask: async ({ query }) => ({ ...askResponse(query), degraded: [DEGRADED] }),
    });
    const response = await ask(server, { query: 'backups' });
    assert.equal(response.status, 200);
    assert.equal(response.headers['x-degraded'], 'embedding=lexical_only');
    assert.deepEqual(askResponseSchema.parse(JSON.parse(response.body)).degraded, [DEGRADED]);
  });

  it('passes a refusal on as an ordinary answer', async () => {
    await using server = await startServer({
      ask: async ({ query }) => ({
        ...askResponse(query),
        answer: { text: 'There are no documents yet.', mode: 'none', refused: true, reason: 'no_documents' },
        citations: [],
        results: [],
      }),
    });
    const response = await ask(server, { query: 'anything' });
    assert.equal(response.status, 200);
    assert.equal(askResponseSchema.parse(JSON.parse(response.body)).answer.reason, 'no_documents');
  });

  it('refuses an empty query, one of spaces only and a missing one', async () => {
    await using server = await startServer();
    for (const body of [{ query: '' }, { query: ' \n\t ' }, {}, { query: null }, { query: 5 }]) {
      const problem = problemOf(await ask(server, body), 400, 'invalid_query');
      assert.equal(problem.problems?.[0]?.name, 'query');
    }
  });

  it('allows 4,000 characters and refuses 10,000, without repeating them', async () => {
    await using server = await startServer();
    assert.equal((await ask(server, { query: 'x'.repeat(4_000) })).status, 200);
    const problem = problemOf(await ask(server, { query: 'x'.repeat(10_000) }), 400, 'invalid_query');
    assert.match(problem.detail, /at most 4000 characters, got 10000 characters/);
    assert.ok(problem.detail.length < 300);
  });

  it('answers 404 for an unknown collection and for an impossible name', async () => {
    await using server = await startServer();
    for (const name of ['nowhere', 'Not A Name', '../x']) {
      const response = await ask(server, { query: 'backups', collections: ['docs', name] });
      const problem = problemOf(response, 404, 'collection_not_found');
      assert.ok(problem.detail.includes(name));
    }
  });

  it('refuses an empty list of collections, which would mean nothing', async () => {
    await using server = await startServer();
    problemOf(await ask(server, { query: 'backups', collections: [] }), 400, 'invalid_request');
  });

  it('refuses a filter that is no object', async () => {
    await using server = await startServer();
    for (const filter of ['lang=en', ['lang'], 3, null]) {
      problemOf(await ask(server, { query: 'backups', filter }), 400, 'invalid_filter');
    }
  });

  it('names every problem at once', async () => {
    await using server = await startServer();
    const response = await ask(server, { query: '', top_k: 0, mode: 'guess', topk: 3, filter: { a: {} } });
    const problem = problemOf(response, 400, 'invalid_request');
    assert.deepEqual(problem.problems?.map(({ name }) => name).sort(), [
      'filter.a',
      'mode',
      'query',
      'top_k',
      'topk',
    ]);
  });

  it('refuses numbers out of range', async () => {
    await using server = await startServer();
    for (const bad of [
      { top_k: 0 },
      { top_k: 101 },
      { top_k: 1.5 },
      { top_k: '5' },
      { max_answer_chars: 49 },
    ]) {
      const response = await ask(server, { query: 'backups', ...bad });
      const problem = problemOf(response, 400, 'invalid_request');
      assert.equal(problem.problems?.[0]?.name, Object.keys(bad)[0]);
    }
  });

  it('refuses a history that is too long', async () => {
    await using server = await startServer();
    const history = Array.from({ length: 51 }, () => ({ role: 'user', content: 'x' }));
    problemOf(await ask(server, { query: 'backups', history }), 400, 'invalid_request');
  });

  it('answers 504 at the deadline even when the work ignores its signal', async () => {
    const reasons: unknown[] = [];
    await using server = await startServer({
      search(_request: SearchRequest, signal) {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return new Promise(() => undefined);
      },
    });
    const response = await ask(server, { query: 'x', mode: 'search' }, { 'x-request-deadline-ms': '1' });
    const problem = problemOf(response, 504, 'deadline_exceeded');
    assert.match(problem.detail, /within 1 ms/);
    assert.ok(reasons[0] instanceof HoldfastError && reasons[0].code === 'deadline_exceeded');
  });

  it('refuses a deadline that is no number', async () => {
    await using server = await startServer();
    for (const value of ['soon', '0', '-5', '1.5']) {
      const response = await ask(server, { query: 'x' }, { 'x-request-deadline-ms': value });
      const problem = problemOf(response, 400, 'invalid_request');
      assert.equal(problem.problems?.[0]?.name, 'x-request-deadline-ms');
    }
  });

  it('hides what went wrong inside and logs it once with the request id', async () => {
    await using server = await startServer({
      ask: () => Promise.reject(new Error('password=hunter2 at /etc/secret')),
    });
    const response = await ask(server, { query: 'x' }, { 'x-request-id': 'trace-7' });
    const problem = problemOf(response, 500, 'internal_error');
    assert.equal(problem.request_id, 'trace-7');
    assert.doesNotMatch(response.body, /hunter2|secret|at .*\.ts/);
    const errors = server.log.filter(({ level }) => level === 'error');
    assert.equal(errors.length, 1);
    assert.equal(errors[0]?.fields['request_id'], 'trace-7');
    assert.match(String(errors[0]?.fields['detail']), /hunter2/);
  });

  it('keeps the text of the question out of the log', async () => {
    await using server = await startServer();
    await ask(server, { query: 'very private words' });
    await send(server, { path: '/api/v1/rag/search?q=very+private+words' });
    await server.server.close();
    assert.equal(server.log.length, 2);
    assert.doesNotMatch(JSON.stringify(server.log), /private/);
    assert.equal(server.log[0]?.fields['route'], PATH);
  });
});

describe('GET /search', () => {
  it('understands both names of its parameters', async () => {
    const asked: SearchRequest[] = [];
    await using server = await startServer({
      async search(request) {
        asked.push(request);
        return searchResponse(request.query);
      },
    });
    const response = await search(server, 'q=backup+time&k=5&distinct=true&collection=docs&collection=wiki');
    assert.equal(searchResponseSchema.parse(JSON.parse(response.body)).query, 'backup time');
    await search(server, 'query=b&max_results=100&retrieval_mode=dense&filter.lang=en&filter.year=2024');
    await search(server, `query=b&filter=${encodeURIComponent('{"size":{"gte":5}}')}&filter.a.b=x`);
    assert.deepEqual(
      asked.map(({ collections, topK, mode, distinct, filter }) => ({
        collections,
        topK,
        mode,
        distinct,
        filter,
      })),
      [
        { collections: ['docs', 'wiki'], topK: 5, mode: 'hybrid', distinct: true, filter: {} },
        {
          collections: [],
          topK: 100,
          mode: 'dense',
          distinct: false,
          filter: { lang: { kind: 'equals', value: 'en' }, year: { kind: 'any', values: ['2024', 2024] } },
        },
        {
          collections: [],
          topK: 10,
          mode: 'hybrid',
          distinct: false,
          filter: { size: { kind: 'range', gte: 5 }, 'a.b': { kind: 'equals', value: 'x' } },
        },
      ],
    );
  });

  it('says what is wrong with bad parameters', async () => {
    await using server = await startServer();
    const cases = [
      ['', 'invalid_query'],
      ['q=', 'invalid_query'],
      ['q=a&query=b', 'invalid_query'],
      ['q=a&q=b', 'invalid_query'],
      [`q=${'x'.repeat(4_001)}`, 'invalid_query'],
      ['q=a&k=0', 'invalid_request'],
      ['q=a&k=101', 'invalid_request'],
      ['q=a&k=ten', 'invalid_request'],
      ['q=a&k=1&max_results=2', 'invalid_request'],
      ['q=a&limit=5', 'invalid_request'],
      ['q=a&retrieval_mode=psychic', 'invalid_request'],
      ['q=a&filter=nope', 'invalid_filter'],
      ['q=a&filter=[1]', 'invalid_filter'],
      ['q=a&filter=%7B%22x%22%3A1%7D&filter.x=1', 'invalid_filter'],
    ] as const;
    for (const [parameters, code] of cases) problemOf(await search(server, parameters), 400, code);
  });

  it('answers 404 for an unknown collection, never nothing', async () => {
    await using server = await startServer();
    problemOf(await search(server, 'q=a&collection=nowhere'), 404, 'collection_not_found');
  });
});
