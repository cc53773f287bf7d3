import assert from 'node:assert/strict';
import { it } from 'node:test';
import { httpServer, modelFailure } from '../../../test/contract/model-failures.ts';
import { remoteRerankerContract } from '../../../test/contract/reranker.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { httpReranker } from './http.ts';

const NEVER = new AbortController().signal;

remoteRerankerContract('http', {
  create: (url) => httpReranker({ url, model: 'any' }),
  startStandIn: openaiStandIn,
});

it('takes the address with and without /rerank, and sends model and key only when they are set', async () => {
  await using server = await openaiStandIn();
  for (const url of [server.url, `${server.url}/rerank`, `${server.url}/v1/`])
    await httpReranker({ url }).rerank('q', ['a'], NEVER);
  await httpReranker({ url: server.url, model: 'm', apiKey: 'k' }).rerank('q', ['a'], NEVER);
  const seen = server.seen();
  assert.deepEqual(
    seen.map(({ path }) => path),
    ['/rerank', '/rerank', '/v1/rerank', '/rerank'],
  );
  assert.deepEqual(
    seen.map(({ headers, body }) => [headers['authorization'], (body as { model?: string }).model]),
    [
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      ['Bearer k', 'm'],
    ],
  );
});

async function scoresFrom(answer: unknown): Promise<readonly number[]> {
  await using server = await httpServer((_, response) => response.end(JSON.stringify(answer)));
  return await httpReranker({ url: server.url }).rerank('q', ['a', 'b'], NEVER);
}

const RANKING = [
  { index: 1, relevance_score: 3 },
  { index: 0, relevance_score: -2 },
];

it('reads the lists of other servers', async () => {
  assert.deepEqual(await scoresFrom({ data: RANKING }), [-2, 3]);
  const plain = RANKING.map(({ index, relevance_score }) => ({ index, score: relevance_score }));
  assert.deepEqual(await scoresFrom(plain), [-2, 3]);
});

for (const [title, results] of [
  ['a missing text', [{ index: 0, relevance_score: 1 }]],
  ['a text twice', [...RANKING, { index: 1, relevance_score: 1 }]],
  [
    'a text that was not asked for',
    [
      { index: 0, relevance_score: 1 },
      { index: 2, relevance_score: 1 },
    ],
  ],
  [
    'a score that is no number',
    [
      { index: 0, relevance_score: null },
      { index: 1, relevance_score: 1 },
    ],
  ],
] as const) {
  it(`takes ${title} as unusable`, async () => {
    assert.equal((await modelFailure(scoresFrom({ results }))).failure, 'unusable');
  });
}
