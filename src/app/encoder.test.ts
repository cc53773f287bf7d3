import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  NEVER,
  recordingLogger,
  scopeOf,
  temporaryFolder,
  textOf,
  type LogEvent,
} from '../../test/end-to-end/service.ts';
import { fakeEncoder, REFUSED, type FakeEncoder } from '../../test/fake-encoder.ts';
import { loadConfig } from '../config/config.ts';
import type { DependencyHealth } from '../core/health.ts';
import type { SearchResponse } from '../core/retrieval/search.ts';
import { openService, type Service } from './service.ts';

const docs = scopeOf('docs');
const LIMITS = { timeout: 60_000 };

async function open(folder: string, encoder: FakeEncoder | null, events: LogEvent[] = []): Promise<Service> {
  return openService(loadConfig({}, { data: folder }), recordingLogger(events), { encoder });
}

/** As `open`, with built-in vectors turned off. */
async function openWithout(folder: string, encoder: FakeEncoder): Promise<Service> {
  const settings = {
    HOLDFAST_STATIC_VECTORS: 'off',
    HOLDFAST_EMBEDDER: 'ollama',
    HOLDFAST_EMBEDDING_MODEL: 'fake-64',
  };
  return openService(loadConfig(settings, { data: folder }), recordingLogger(), { encoder });
}

async function encoderHealth(service: Service): Promise<DependencyHealth | undefined> {
  return (await service.checkHealth()).dependencies.find(({ name }) => name === 'encoder');
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5);
}

async function isComplete(service: Service, count: number): Promise<boolean> {
  return (await encoderHealth(service))?.detail === `fake-64: ${count} of ${count} passages`;
}

async function search(service: Service, query: string): Promise<SearchResponse> {
  const { tenant, collection } = docs;
  return service.search(
    { tenant, query, collections: [collection], filter: {}, topK: 3, mode: 'hybrid' },
    NEVER,
  );
}

async function submit(service: Service, first: number, last: number): Promise<void> {
  await service.collections.ensure(docs);
  for (let at = first; at < last; at++)
    await service.documents.submit(docs, textOf(`${at}`, `Passage about word${at}.`), NEVER);
}

test('an encoder fills in behind, takes over, and serves again after a restart', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const encoder = fakeEncoder();
  {
    await using service = await open(folder, encoder);
    await submit(service, 0, 20);
    await until(async () => isComplete(service, 20));
    const { results, degraded, retrieval } = await search(service, 'word7');
    assert.equal(retrieval.embeddingModel, 'fake-64');
    assert.match(results[0]?.text ?? '', /word7/);
    assert.deepEqual([encoder.queries, degraded], [['word7'], []]);
  }
  const batches = encoder.batches.length;
  await using service = await open(folder, encoder);
  await search(service, 'word8');
  assert.deepEqual([encoder.queries.length, encoder.batches.length], [2, batches]);
});

test('an encoder that is away from the start stops nothing and is made up for later', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const away = fakeEncoder();
  away.failure = REFUSED;
  const events: LogEvent[] = [];
  {
    await using service = await open(folder, away, events);
    await submit(service, 0, 5);
    const { results, degraded } = await search(service, 'word3');
    assert.match(results[0]?.text ?? '', /word3/);
    assert.deepEqual(degraded, [], 'the built-in vectors serve while the encoder fills in');
    await until(async () => (await encoderHealth(service))?.state === 'degraded');
    assert.deepEqual(await encoderHealth(service), {
      name: 'encoder',
      state: 'degraded',
      detail: 'fake-64: 0 of 5 passages; connection refused',
    });
    assert.equal((await service.checkHealth()).state, 'degraded');
  }
  assert.ok(events.some(({ event }) => event === 'encoding_failed'));
  await using service = await open(folder, fakeEncoder());
  await until(async () => isComplete(service, 5));
  assert.equal((await service.checkHealth()).state, 'ok');
});

test('an encoder that dies after it took over leaves the static vectors, flagged', LIMITS, async (t) => {
  const encoder = fakeEncoder();
  await using service = await open(temporaryFolder(t), encoder);
  await submit(service, 0, 5);
  await until(async () => isComplete(service, 5));
  encoder.failure = REFUSED;
  const { results, degraded, retrieval } = await search(service, 'word3');
  assert.match(results[0]?.text ?? '', /word3/);
  assert.equal(retrieval.mode, 'hybrid');
  assert.notEqual(retrieval.embeddingModel, 'fake-64');
  assert.deepEqual(
    degraded.map(({ component, mode, reason }) => [component, mode, reason]),
    [['embedding', 'static_vectors', 'connection refused']],
  );
});

test('without an encoder there is nothing of it, and what it stored does no harm', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const encoder = fakeEncoder();
  {
    await using service = await open(folder, encoder);
    await submit(service, 0, 5);
    await until(async () => isComplete(service, 5));
  }
  await using service = await open(folder, null);
  assert.equal(await encoderHealth(service), undefined);
  const { results, degraded } = await search(service, 'word3');
  assert.match(results[0]?.text ?? '', /word3/);
  assert.deepEqual([degraded, encoder.queries], [[], []]);
});

test(
  'without static vectors the encoder alone makes vectors, and words stand in for it, flagged',
  LIMITS,
  async (t) => {
    const encoder = fakeEncoder();
    encoder.failure = REFUSED;
    await using service = await openWithout(temporaryFolder(t), encoder);
    await submit(service, 0, 5);
    const early = await search(service, 'word3');
    assert.match(early.results[0]?.text ?? '', /word3/);
    assert.deepEqual([early.retrieval.mode, early.retrieval.embeddingModel], ['lexical', null]);
    assert.deepEqual(
      early.degraded.map(({ component, mode, reason }) => [component, mode, reason]),
      [['embedding', 'lexical_only', '"fake-64" has not seen all passages yet']],
    );
    encoder.failure = null;
    await until(async () => isComplete(service, 5));
    const { retrieval, degraded } = await search(service, 'word3');
    assert.deepEqual([retrieval.mode, retrieval.embeddingModel, degraded], ['hybrid', 'fake-64', []]);
    encoder.failure = REFUSED;
    const lost = await search(service, 'word4');
    assert.match(lost.results[0]?.text ?? '', /word4/);
    assert.deepEqual(
      lost.degraded.map(({ component, mode }) => [component, mode]),
      [['embedding', 'lexical_only']],
    );
    const { dependencies } = await service.checkHealth();
    assert.equal(dependencies.find(({ name }) => name === 'embedder')?.state, 'disabled');
  },
);

/** Makes a generation with an embedder of its own the live one. */
async function reindex(service: Service, embedder: string): Promise<void> {
  const { generation } = await service.reindexing.start(docs, { embedder });
  await until(async () => (await service.reindexing.get(docs, generation.key)).state === 'ready');
  await service.reindexing.activate(docs, generation.key);
}

/** Why a generation with such an embedder is not made. */
async function refusal(service: Service, embedder: string): Promise<string> {
  return service.reindexing.start(docs, { embedder }).then(
    () => 'started',
    (error: unknown) => String(error),
  );
}

test('a generation may do without the encoder, without any vectors, and take it back', LIMITS, async (t) => {
  const encoder = fakeEncoder();
  await using service = await open(temporaryFolder(t), encoder);
  await submit(service, 0, 5);
  await until(async () => isComplete(service, 5));
  const used = async (): Promise<unknown[]> => {
    const { results, degraded, retrieval } = await search(service, 'word3');
    assert.match(results[0]?.text ?? '', /word3/);
    return [retrieval.mode, retrieval.embeddingModel, degraded];
  };
  assert.deepEqual(await used(), ['hybrid', 'fake-64', []]);

  await reindex(service, 'static');
  assert.deepEqual(await used(), ['hybrid', 'holdfast-static-en-v1', []]);
  await submit(service, 5, 6);
  assert.equal((await encoderHealth(service))?.detail, 'fake-64: 0 of 0 passages');

  await reindex(service, 'none');
  assert.deepEqual(await used(), ['lexical', null, []]);

  await reindex(service, 'fake-64');
  await until(async () => isComplete(service, 6));
  assert.deepEqual(await used(), ['hybrid', 'fake-64', []]);
  assert.deepEqual(await service.verifyIndex(), []);
});

test('a collection without vectors keeps no other one from the encoder', LIMITS, async (t) => {
  await using service = await open(temporaryFolder(t), fakeEncoder());
  await submit(service, 0, 5);
  await reindex(service, 'none');
  const other = scopeOf('other');
  await service.collections.ensure(other);
  await service.documents.submit(other, textOf('a', 'Another passage about word3.'), NEVER);
  await until(async () => isComplete(service, 1));
  const collections = [docs.collection, other.collection];
  const limits = { filter: {}, topK: 3, mode: 'hybrid' } as const;
  const found = await service.search({ tenant: docs.tenant, query: 'word3', collections, ...limits }, NEVER);
  assert.equal(found.retrieval.embeddingModel, 'fake-64');
  assert.deepEqual(new Set(found.results.map(({ collection }) => collection)), new Set(collections));
});

test(
  'a generation with an embedder that the server does not have is refused with what it has',
  LIMITS,
  async (t) => {
    {
      await using service = await open(temporaryFolder(t), null);
      await submit(service, 0, 1);
      assert.match(
        await refusal(service, 'nomic-embed-text'),
        /no embedder "nomic-embed-text"; it has static, none$/,
      );
    }
    await using service = await openWithout(temporaryFolder(t), fakeEncoder());
    await submit(service, 0, 1);
    assert.match(await refusal(service, 'static'), /no embedder "static"; it has fake-64, none$/);
  },
);

test('static vectors that are turned off, and on again, leave no passage behind', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const encoder = fakeEncoder();
  let withVectors = 0;
  {
    await using service = await open(folder, encoder);
    await submit(service, 0, 200);
    await until(async () => isComplete(service, 200));
    withVectors = await service.indexBytes(docs);
  }
  {
    await using service = await openWithout(folder, encoder);
    assert.ok(withVectors - (await service.indexBytes(docs)) >= 200 * 256);
    await submit(service, 200, 210);
    await until(async () => isComplete(service, 210));
    assert.match((await search(service, 'word205')).results[0]?.text ?? '', /word205/);
  }
  encoder.failure = REFUSED;
  await using service = await open(folder, encoder);
  for (const word of ['word7', 'word205']) {
    const { results, degraded } = await search(service, word);
    assert.match(results[0]?.text ?? '', new RegExp(word));
    assert.deepEqual(
      degraded.map(({ component, mode }) => [component, mode]),
      [['embedding', 'static_vectors']],
    );
  }
});
