import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { watchedExtractor } from '../../src/app/extractor.ts';
import { openModels } from '../../src/app/models.ts';
import { openService, type Service } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { DocumentRecord } from '../../src/core/documents/document.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { DEPENDENCY_DEFAULTS } from '../../src/resilience/defaults.ts';
import { NEVER, recordingLogger, scopeOf, temporaryFolder, textOf } from '../end-to-end/service.ts';
import { until } from '../matrix/until.ts';
import { tikaContract } from './contract.ts';
import { oldWordFile, tikaStandIn, type TikaStandIn } from './stand-in.ts';

const docs = scopeOf('docs');
const LIMITS = { timeout: 120_000 };

let tika: TikaStandIn;
before(async () => {
  tika = await tikaStandIn();
});
after(async () => tika[Symbol.asyncDispose]());

tikaContract('the stand-in', () => tika.url);

const real = process.env['HOLDFAST_TEST_TIKA_URL'];
if (real === undefined)
  test('a real Tika', { skip: 'no Tika: set HOLDFAST_TEST_TIKA_URL to the address of a server' }, () => {});
else tikaContract('the Tika of HOLDFAST_TEST_TIKA_URL', () => real);

async function openWithTika(data: string, url: string, timeoutMs = 60_000): Promise<Service> {
  const settings = { HOLDFAST_TIKA_URL: url, HOLDFAST_TIKA_TIMEOUT_MS: String(timeoutMs) };
  const config = loadConfig(settings, { data });
  const logger = recordingLogger();
  const service = await openService(config, logger, await openModels(config, logger));
  await service.collections.ensure(docs);
  return service;
}

async function listed(service: Service): Promise<readonly DocumentRecord[]> {
  return (await service.documents.list(docs, { limit: 100, cursor: null })).items;
}

/** State, code and key of every document. */
async function states(service: Service): Promise<readonly string[]> {
  return (await listed(service)).map(({ sourceKey, state, problem }) => {
    const name = sourceKey.slice(sourceKey.lastIndexOf('/') + 1);
    return problem === null ? `${name} ${state}` : `${name} ${state} ${problem.code}`;
  });
}

test('takes in what no built-in parser takes, with what stands in it', LIMITS, async (t) => {
  await using server = await tikaStandIn();
  const folder = temporaryFolder(t);
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'übersicht.doc'), oldWordFile('Herons', 'The heron stands in the reeds.'));
  writeFileSync(join(files, 'noise.bin'), Buffer.from([0, 1, 2, 0, 255]));
  writeFileSync(join(files, 'plain.md'), 'The otter sleeps.');
  await using service = await openWithTika(join(folder, 'data'), server.url);
  const { files: counts } = await service.ingest({ scope: docs, paths: [files] }, () => undefined, NEVER);
  assert.deepEqual(await states(service), [
    'noise.bin skipped document_unsupported',
    'plain.md ready',
    'übersicht.doc ready',
    'locked.doc failed document_encrypted',
    'plan.xls ready',
  ]);
  assert.deepEqual([counts.added, counts.failed], [1, 1]);
  assert.deepEqual(server.names.toSorted(), ['_bersicht.doc', 'noise.bin']);
  const found = await service.search(
    {
      tenant: docs.tenant,
      query: 'heron reeds',
      collections: [docs.collection],
      filter: {},
      topK: 1,
      mode: 'hybrid',
    },
    NEVER,
  );
  assert.equal(found.results[0]?.title, 'Herons');
  const record = (await listed(service)).find(({ sourceKey }) => sourceKey.endsWith('übersicht.doc'));
  assert.deepEqual(
    [record?.format, record?.title, record?.metadata['author']],
    ['tika', 'Herons', 'Ada Marsh'],
  );
});

test('waits for a Tika that is away, says so, and keeps nothing else waiting', LIMITS, async (t) => {
  await using server = await tikaStandIn();
  server.mood = 'dies';
  await using service = await openWithTika(temporaryFolder(t), server.url);
  const word = {
    format: null,
    name: 'heron.doc',
    bytes: oldWordFile('Herons', 'The heron stands.'),
  } as const;
  await service.documents.accept(docs, [textOf('heron.doc', '', word)]);
  await until('it was tried', async () => (await listed(service))[0]?.problem !== null);
  const [waiting] = await listed(service);
  assert.equal(waiting?.problem?.code, 'extractor_unavailable');
  assert.match(waiting.problem.reason, /^Tika at http:\/\/127\.0\.0\.1:\d+ broke the connection off/);
  assert.ok(!['failed', 'ready'].includes(waiting.state), waiting.state);
  const [other] = await service.documents.submit(docs, textOf('otter', 'The otter sleeps.'), NEVER);
  assert.equal(other?.state, 'ready');
  server.mood = 'works';
  await until('it is ready', async () => (await states(service)).includes('heron.doc ready'));
});

function word(at: number): ReturnType<typeof textOf> {
  const name = `${at}.doc`;
  return textOf(name, '', { format: null, name, bytes: oldWordFile(name, 'A text.') });
}

test('gives a Tika that hangs a few files, and leaves the others their threads', LIMITS, async (t) => {
  await using server = await tikaStandIn();
  server.mood = 'hangs';
  await using service = await openWithTika(temporaryFolder(t), server.url);
  await service.documents.accept(
    docs,
    Array.from({ length: 20 }, (_, at) => word(at)),
  );
  const { limit } = DEPENDENCY_DEFAULTS.tika;
  await until('Tika has what it is given', async () => server.names.length === limit);
  const [other] = await service.documents.submit(docs, textOf('otter', 'The otter sleeps.'), NEVER);
  assert.equal(other?.state, 'ready');
  assert.equal(server.names.length, limit);
});

test('gives a file up that Tika takes too long for', LIMITS, async (t) => {
  await using server = await tikaStandIn();
  server.mood = 'hangs';
  await using service = await openWithTika(temporaryFolder(t), server.url, 200);
  await service.documents.accept(docs, [word(1)]);
  await until('it is given up', async () => (await states(service))[0] === '1.doc failed document_timeout');
  assert.equal(server.names.length, 3);
  const [failed] = await listed(service);
  assert.match(failed?.problem?.reason ?? '', /Tika did not answer within 200 ms/);
});

test('tells what is wrong with a file from what is wrong with Tika', async () => {
  const { extractor, breaker } = watchedExtractor({ url: tika.url, timeoutMs: 10_000 });
  const codeOf = async (): Promise<string> =>
    extractor.extract({ bytes: oldWordFile('a'), name: 'a"\n.doc' }, NEVER).then(
      () => 'none',
      (error: unknown) => (error instanceof HoldfastError ? error.code : String(error)),
    );
  const codes: Record<number, string> = {};
  for (const status of [413, 415, 422, 500, 302, 404, 401]) {
    tika.mood = status;
    codes[status] = await codeOf();
  }
  assert.deepEqual(codes, {
    302: 'extractor_unavailable',
    401: 'extractor_unavailable',
    404: 'extractor_unavailable',
    413: 'document_too_large',
    415: 'document_malformed',
    422: 'document_malformed',
    500: 'document_malformed',
  });
  assert.equal(breaker.state, 'closed');
  tika.mood = 503;
  for (let at = 0; at < 5; at++) assert.equal(await codeOf(), 'extractor_unavailable');
  assert.equal(breaker.state, 'open');
  tika.mood = 'works';
  assert.equal(await codeOf(), 'extractor_unavailable');
  breaker.force('closed');
  assert.equal(await codeOf(), 'none');
  assert.equal(tika.names.at(-1), 'a__.doc');
});
