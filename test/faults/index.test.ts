import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Service } from '../../src/app/service.ts';
import {
  foundDocuments,
  NEVER,
  openTestService,
  recordingLogger,
  scopeOf,
  temporaryFolder,
  textOf,
  type LogEvent,
} from '../end-to-end/service.ts';
import { openLibrary } from '../library.ts';

const docs = scopeOf('docs');

async function submit(service: Service, key: string, text: string, scope = docs): Promise<void> {
  await service.documents.submit(scope, textOf(key, text), NEVER);
}

test(
  'an index that is newer than the catalog, which was put back, is built anew',
  { timeout: 240_000 },
  async (t) => {
    const data = temporaryFolder(t);
    const backup = join(temporaryFolder(t), 'catalog.db');
    {
      await using service = await openTestService(data);
      await service.collections.create(docs, { language: 'en' });
      await submit(service, 'old', 'The old curlew calls.');
      await submit(service, 'replaced', 'The early curlew calls.');
    }
    cpSync(join(data, 'catalog.db'), backup);
    {
      await using service = await openTestService(data);
      await submit(service, 'new', 'The new curlew calls.');
      await submit(service, 'replaced', 'The late curlew calls.');
    }
    for (const path of globSync(join(data, 'catalog.db*'))) rmSync(path);
    cpSync(backup, join(data, 'catalog.db'));
    await using service = await openTestService(data);
    assert.deepEqual(await service.verifyIndex(), []);
    assert.equal((await foundDocuments(service, docs, 'curlew')).length, 2);
    assert.equal((await foundDocuments(service, docs, 'early')).length, 1);
  },
);

test(
  'a write that fails after its commit does not leave the index behind',
  { timeout: 240_000 },
  async () => {
    await using library = await openLibrary();
    const { index, catalog } = library;
    await library.createCollection(docs);
    await library.put(docs, 'one', 'The first dunlin.');
    const [found] = await index.lexical(docs, { query: 'dunlin', filter: {}, limit: 10 }, NEVER);
    assert.ok(found);
    await assert.rejects(
      index.apply(docs, async () => {
        const [item] = await catalog.knownItems(docs, 'api', 'one');
        await catalog.commit(
          docs,
          (item?.documents ?? []).map(({ id }) => ({ kind: 'delete', id }) as const),
        );
        throw new Error('the disk went away');
      }),
      /the disk went away/,
    );
    await library.put(docs, 'two', 'The second dunlin.');
    const hits = await index.lexical(docs, { query: 'dunlin', filter: {}, limit: 10 }, NEVER);
    assert.equal(hits.length, 1);
    assert.notEqual(hits[0]?.chunkId, found.chunkId);
  },
);

test(
  'indexes that cannot be saved cost a warning, and searches and writes go on',
  { timeout: 240_000 },
  async (t) => {
    const data = temporaryFolder(t);
    const events: LogEvent[] = [];
    const scopes = ['a', 'b', 'c'].map((name) => scopeOf(name));
    const environment = { HOLDFAST_INDEX_MEMORY_BYTES: `${2 ** 20}`, logger: recordingLogger(events) };
    const text = 'The godwit walks. '.repeat(6000);
    {
      await using service = await openTestService(data);
      for (const scope of scopes) {
        await service.collections.create(scope, { language: 'en' });
        await submit(service, 'one', `${text} ${scope.collection}`, scope);
      }
    }
    // Nothing can be written where a folder stands.
    for (const path of globSync(join(data, 'index/*.index'))) mkdirSync(`${path}.tmp`);
    {
      await using service = await openTestService(data, environment);
      for (const scope of [...scopes, ...scopes]) {
        assert.equal((await foundDocuments(service, scope, 'godwit')).length, 1);
        await submit(service, 'two', `The avocet of ${events.length}.`, scope);
        assert.equal((await foundDocuments(service, scope, 'avocet')).length, 1);
      }
      assert.deepEqual(await service.verifyIndex(), []);
    }
    assert.ok(events.some(({ event }) => event === 'index_snapshot_failed'));
    await using service = await openTestService(data);
    assert.deepEqual(await service.verifyIndex(), []);
  },
);

test(
  'a text without a name is called something in the reason of its failure',
  { timeout: 240_000 },
  async (t) => {
    await using service = await openTestService(temporaryFolder(t));
    await service.collections.create(docs, {});
    const [record] = await service.documents.submit(docs, textOf('k', '  '), NEVER);
    assert.match(record?.problem?.reason ?? '', /^the text holds no text/);
  },
);

test(
  'a key that is not well-formed Unicode is stored and found as the catalog writes it',
  { timeout: 240_000 },
  async (t) => {
    await using service = await openTestService(temporaryFolder(t));
    await service.collections.create(docs, {});
    for (const text of ['One.', 'Two.']) {
      const [record] = await service.documents.submit(docs, textOf('half \ud83d pair', text), NEVER);
      assert.equal(record?.sourceKey, 'half \ufffd pair');
    }
    assert.equal((await service.documents.list(docs, { limit: 10, cursor: null })).items.length, 1);
  },
);
