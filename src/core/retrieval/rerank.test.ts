import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../lib/clock.ts';
import type { TenantId } from '../documents/ids.ts';
import { ModelError } from '../models/model-error.ts';
import type { Reranker } from '../models/reranker.ts';
import { reranked } from './rerank.ts';
import type { Retrieval, Retrieve } from './retrieve.ts';
import { startStopwatch } from './stopwatch.ts';

const REQUEST = {
  tenant: 'default' as TenantId,
  query: 'q',
  collections: [],
  filter: {},
  topK: 2,
  mode: 'hybrid',
} as const;
const NEVER = new AbortController().signal;

/** Passages "0" to "9" with falling scores. */
const retrieve: Retrieve = async ({ topK }) => {
  const passages = Array.from({ length: Math.min(10, topK) }, (_, at) => ({
    ranked: { score: 1 - at / 10 },
    chunk: { title: 't', text: String(at) },
  })) as unknown as Retrieval['passages'];
  return {
    id: 'x',
    passages,
    mode: 'hybrid',
    generation: 'g',
    embeddingModel: null,
    degraded: [],
    words: new Map(),
    stopwatch: startStopwatch(systemClock),
  };
};

function reranker(rerank: Reranker['rerank']): Reranker {
  return { profile: { model: 'test', maxDocuments: 100 }, rerank };
}

test('orders passages by the new scores and shows as many as were asked for', async () => {
  const reversed = reranker(async (_, texts) => texts.map((text) => Number(text.split('\n')[1])));
  const { passages, degraded } = await reranked(retrieve, { reranker: reversed, clock: systemClock })(
    REQUEST,
    NEVER,
  );
  assert.deepEqual(
    passages.map(({ chunk }) => chunk.text),
    ['9', '8'],
  );
  assert.deepEqual(
    passages.map(({ ranked }) => ranked.score),
    [1, 0.9],
  );
  assert.deepEqual(degraded, []);
});

test('keeps the fused order and says so when the reranker is lost', async () => {
  const broken = reranker(async () => {
    throw new ModelError('timeout', 'no answer in 1000 ms');
  });
  const { passages, degraded } = await reranked(retrieve, { reranker: broken, clock: systemClock })(
    REQUEST,
    NEVER,
  );
  assert.deepEqual(
    passages.map(({ chunk }) => chunk.text),
    ['0', '1'],
  );
  assert.deepEqual(
    degraded.map(({ component, mode, reason }) => [component, mode, reason]),
    [['reranker', 'fused_order', 'no answer in 1000 ms']],
  );
});

test('ends with the signal, not with a degraded answer, when the asker goes', async () => {
  const gone = new AbortController();
  const slow = reranker(async () => {
    gone.abort(new Error('gone'));
    throw new ModelError('unreachable', 'socket closed');
  });
  await assert.rejects(
    reranked(retrieve, { reranker: slow, clock: systemClock })(REQUEST, gone.signal),
    /gone/,
  );
});
