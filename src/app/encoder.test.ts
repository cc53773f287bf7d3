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
