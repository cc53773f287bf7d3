import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NEVER, openTestService, scopeOf, temporaryFolder, textOf } from '../../test/end-to-end/service.ts';
import type { ReindexRequest } from '../core/documents/reindexing.ts';
import type { Service } from './service.ts';

const docs = scopeOf('docs');
const GERMAN = 'Die Sicherung der Datenbank läuft jede Nacht um zwei Uhr und wird dreißig Tage aufbewahrt.';

async function opened(t: TestContext, language = 'auto'): Promise<Service> {
  const service = await openTestService(temporaryFolder(t));
  t.after(async () => service[Symbol.asyncDispose]());
  await service.collections.create(docs, { language });
  return service;
}

/** Languages of the documents by their source keys' last part. */
async function languagesOf(service: Service): Promise<Record<string, string | null>> {
  const { items } = await service.documents.list(docs, { limit: 100, cursor: null });
  return Object.fromEntries(
    items.map(({ sourceKey, language }) => [sourceKey.split('/').at(-1) ?? '', language]),
  );
}

async function reindexed(service: Service, request: ReindexRequest): Promise<void> {
  const { generation } = await service.reindexing.start(docs, request);
  for (let left = 1200; left > 0; left--) {
    if ((await service.reindexing.get(docs, generation.key)).state === 'ready') break;
    await delay(50);
  }
  await service.reindexing.activate(docs, generation.key);
}

describe('the language that is named for a document', () => {
  it('wins over its collection, over what it says itself, and over detection', async (t) => {
    const service = await opened(t, 'en');
    const text = `---\nlang: fr\n---\n${GERMAN}\n`;
    await service.documents.submit(
      docs,
      textOf('named', text, { format: 'markdown', givenLanguage: 'ga' }),
      NEVER,
    );
    await service.documents.submit(docs, textOf('plain', GERMAN), NEVER);
    assert.deepEqual(await languagesOf(service), { named: 'ga', plain: 'en' });
  });

  it('is taken back by sending the document again without it', async (t) => {
    const service = await opened(t);
    await service.documents.submit(docs, textOf('a', GERMAN, { givenLanguage: 'nl' }), NEVER);
    assert.deepEqual(await languagesOf(service), { a: 'nl' });
    await service.documents.submit(docs, textOf('a', GERMAN), NEVER);
    assert.deepEqual(await languagesOf(service), { a: 'de' });
  });

  it('stays with the documents of a folder until another one is named', async (t) => {
    const service = await opened(t);
    const folder = temporaryFolder(t);
    const sync = async (language?: string) => {
      const request = { scope: docs, paths: [folder], ...(language === undefined ? {} : { language }) };
      return (await service.ingest(request, () => undefined, NEVER)).files;
    };
    await writeFile(join(folder, 'a.txt'), GERMAN);
    await sync('nl');
    assert.deepEqual(await languagesOf(service), { 'a.txt': 'nl' });
    assert.equal((await sync()).unchanged, 1);
    await writeFile(join(folder, 'a.txt'), `${GERMAN} Danach wird sie gelöscht.`);
    assert.equal((await sync()).updated, 1);
    assert.deepEqual(await languagesOf(service), { 'a.txt': 'nl' });
    assert.equal((await sync('da')).updated, 1);
    assert.deepEqual(await languagesOf(service), { 'a.txt': 'da' });
    assert.equal((await sync('auto')).updated, 1);
    assert.deepEqual(await languagesOf(service), { 'a.txt': 'de' });
  });

  it('stays through another generation, whatever language that has', async (t) => {
    const service = await opened(t, 'en');
    await service.documents.submit(docs, textOf('named', GERMAN, { givenLanguage: 'nl' }), NEVER);
    await service.documents.submit(docs, textOf('plain', GERMAN), NEVER);
    await reindexed(service, { chunkTokens: 60 });
    assert.deepEqual(await languagesOf(service), { named: 'nl', plain: 'en' });
    await reindexed(service, { language: 'auto' });
    assert.deepEqual(await languagesOf(service), { named: 'nl', plain: 'de' });
    await reindexed(service, { language: 'fr' });
    assert.deepEqual(await languagesOf(service), { named: 'nl', plain: 'fr' });
    await service.documents.submit(docs, textOf('later', GERMAN, { givenLanguage: 'da' }), NEVER);
    assert.equal((await languagesOf(service))['later'], 'da');
    assert.deepEqual(await service.verifyIndex(), []);
  });
});
