import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiStandIn } from '../../src/faults/models/openai.ts';
import { runContract, runOnRealOllama } from './contract-target.ts';
import { openAiContract } from './openai-contract.ts';
import { assertFields, callWire, jsonOf } from './wire.ts';

runContract('the stand-in', openAiContract, async () => {
  const standIn = await openaiStandIn({ answer: 'word '.repeat(5000), knobs: { tokenIntervalMs: 1 } });
  const names = { embeddingModel: 'all-minilm', chatModel: 'tiny', dimension: 384, isComplete: true };
  return Object.assign(standIn, names);
});

runOnRealOllama(openAiContract, (ollama) => Object.assign(ollama, { isComplete: false }));

test('the stand-in refuses a missing and a wrong key with 401', async () => {
  await using standIn = await openaiStandIn({ apiKey: 'right' });
  const call = { json: { model: 'all-minilm', input: 'x' } };
  for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
    const { error } = await jsonOf(`${standIn.url}/v1/embeddings`, { ...call, headers }, 401);
    assertFields(error, ['message', 'type', 'param', 'code']);
    assert.deepEqual([error['type'], error['code']], ['invalid_request_error', 'invalid_api_key']);
  }
  const headers = { authorization: 'Bearer right' };
  assert.equal((await callWire(`${standIn.url}/v1/embeddings`, { ...call, headers })).status, 200);
});

test('the stand-in ranks documents in the common format, best first, at most top_n', async () => {
  await using standIn = await openaiStandIn();
  const documents = ['the river', 'a kiln and its glaze', { text: 'the glaze of the kiln' }];
  const json = { model: 'any', query: 'kiln glaze river', documents };
  for (const path of ['/rerank', '/v1/rerank']) {
    const { results } = await jsonOf(standIn.url + path, { json });
    assert.deepEqual(
      (results as { index: number }[]).map(({ index }) => index),
      [1, 2, 0],
    );
  }
  const top = await jsonOf(`${standIn.url}/rerank`, { json: { ...json, top_n: 1, return_documents: true } });
  const [best, ...others] = top['results'] as Record<string, unknown>[];
  assert.deepEqual(others, []);
  assertFields(best, ['index', 'relevance_score', 'document']);
  assert.deepEqual(best['document'], { text: 'a kiln and its glaze' });
  assertFields((await jsonOf(`${standIn.url}/rerank`, { json: { query: 'x' } }, 400))['error'], [
    'message',
    'type',
    'param',
    'code',
  ]);
});
