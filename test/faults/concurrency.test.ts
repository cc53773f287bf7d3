import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Service } from '../../src/app/service.ts';
import type { DocumentRecord } from '../../src/core/documents/document.ts';
import type { IngestSummary } from '../../src/core/documents/library.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import {
  foundDocuments,
  NEVER,
  openTestService,
  scopeOf,
  temporaryFolder,
  textOf,
} from '../end-to-end/service.ts';

const docs = scopeOf('docs');
const FILES = 80;

function writeFiles(folder: string, revision: number): void {
  for (let file = 0; file < FILES; file++)
    writeFileSync(
      join(folder, `file-${file}.md`),
      `# File ${file}\n\nRevision ${revision} of file ${file}. ${'Filler words here. '.repeat(20)}\n`,
    );
}

async function ingest(service: Service, folder: string, onProgress = (): void => {}): Promise<IngestSummary> {
  return service.ingest({ scope: docs, paths: [folder] }, onProgress, NEVER);
}

async function listed(service: Service): Promise<readonly DocumentRecord[]> {
  return (await service.documents.list(docs, { limit: 1000, cursor: null })).items;
}

test('two ingests of one folder at once add every file once', { timeout: 240_000 }, async (t) => {
  const folder = temporaryFolder(t);
  await using service = await openTestService(temporaryFolder(t), { HOLDFAST_WORKERS: '2' });
  await service.collections.create(docs, {});
  writeFiles(folder, 1);
  const summaries = await Promise.all([ingest(service, folder), ingest(service, folder)]);
  assert.deepEqual(summaries.map(({ files }) => files.added).toSorted(), [0, FILES]);
  assert.deepEqual(summaries.map(({ files }) => files.unchanged).toSorted(), [0, FILES]);
  assert.equal((await listed(service)).length, FILES);
  assert.deepEqual(await service.verifyIndex(), []);
});

test(
  'an ingest that starts during another one brings in what changed meanwhile',
  { timeout: 240_000 },
  async (t) => {
    const folder = temporaryFolder(t);
    await using service = await openTestService(temporaryFolder(t));
    await service.collections.create(docs, {});
    writeFiles(folder, 1);
    const begun = Promise.withResolvers<void>();
    const first = ingest(service, folder, begun.resolve);
    await begun.promise;
    writeFiles(folder, 2);
    rmSync(join(folder, 'file-0.md'));
    await Promise.all([first, ingest(service, folder)]);
    const texts = await Promise.all(
      (await listed(service)).map(async ({ id }) => service.documents.text(docs, id)),
    );
    assert.equal(texts.length, FILES - 1);
    assert.ok(texts.every((text) => text.includes('Revision 2')));
  },
);

test('a waiting ingest does nothing once its client has gone away', { timeout: 240_000 }, async (t) => {
  const folder = temporaryFolder(t);
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.create(docs, {});
  writeFiles(folder, 1);
  const first = ingest(service, folder);
  const stop = new AbortController();
  const second = service.ingest({ scope: docs, paths: [folder] }, () => undefined, stop.signal);
  stop.abort(new HoldfastError('shutting_down', 'the client went away'));
  await assert.rejects(second, { code: 'shutting_down' });
  assert.equal((await first).files.added, FILES);
});

test('deleting a collection ends its ingest and leaves nothing', { timeout: 240_000 }, async (t) => {
  const folder = temporaryFolder(t);
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.create(docs, {});
  writeFiles(folder, 1);
  const begun = Promise.withResolvers<void>();
  const running = assert.rejects(ingest(service, folder, begun.resolve), { code: 'collection_not_found' });
  await begun.promise;
  await service.collections.delete(docs);
  await running;
  await service.collections.create(docs, {});
  assert.deepEqual(await listed(service), []);
  assert.deepEqual(await foundDocuments(service, docs, 'revision'), []);
  assert.equal((await ingest(service, folder)).files.added, FILES);
  assert.deepEqual(await service.verifyIndex(), []);
});

test(
  'an ingest writes nothing into a collection that was made anew under its name',
  { timeout: 240_000 },
  async (t) => {
    const folder = temporaryFolder(t);
    await using service = await openTestService(temporaryFolder(t));
    await service.collections.create(docs, {});
    writeFiles(folder, 1);
    await ingest(service, folder);
    writeFileSync(join(folder, 'zz-changed.md'), '# Changed\n\nThis one is new.\n');
    const begun = Promise.withResolvers<void>();
    const running = assert.rejects(ingest(service, folder, begun.resolve), { code: 'collection_not_found' });
    await begun.promise;
    await service.collections.delete(docs);
    await service.collections.create(docs, {});
    await running;
    assert.deepEqual(await listed(service), []);
  },
);

test('fifty submissions of one key at once leave one of them, whole', { timeout: 240_000 }, async (t) => {
  await using service = await openTestService(temporaryFolder(t), { HOLDFAST_WORKERS: '2' });
  await service.collections.create(docs, { language: 'en' });
  const texts = Array.from({ length: 50 }, (_, at) =>
    `Submission ${at}.\n\n${`Paragraph of ${at}. `.repeat(1 + ((at * 37) % 90))}`.trim(),
  );
  const records = await Promise.all(
    texts.map(async (text) => service.documents.submit(docs, textOf('same', text), NEVER)),
  );
  assert.ok(records.flat().every(({ state }) => state === 'ready'));
  const [document, ...others] = await listed(service);
  assert.deepEqual(others, []);
  assert.ok(document !== undefined);
  assert.ok(texts.includes(await service.documents.text(docs, document.id)));
  const { items } = await service.documents.chunks(docs, document.id, { limit: 1000, cursor: null });
  assert.equal(items.length, document.chunkCount);
  assert.deepEqual(await service.verifyIndex(), []);
});

test(
  'submissions of one list of records at once leave the records of one of them',
  { timeout: 240_000 },
  async (t) => {
    await using service = await openTestService(temporaryFolder(t), { HOLDFAST_WORKERS: '2' });
    await service.collections.create(docs, { language: 'en' });
    const lists = Array.from({ length: 20 }, (_, list) =>
      [0, 1, 2]
        .map((record) =>
          JSON.stringify({ id: `${list}-${record}`, text: `Record ${record} of list ${list}.` }),
        )
        .join('\n'),
    );
    await Promise.all(
      lists.map(async (text) =>
        service.documents.submit(docs, textOf('list', text, { format: 'jsonl' }), NEVER),
      ),
    );
    const keys = (await listed(service)).map(({ sourceKey }) => sourceKey);
    const list = /#(\d+)-/.exec(keys[0] ?? '')?.[1];
    assert.deepEqual(
      keys,
      [0, 1, 2].map((record) => `list#${list}-${record}`),
    );
    assert.deepEqual(await service.verifyIndex(), []);
  },
);

test(
  'deleting one document fifty times at once succeeds or finds nothing',
  { timeout: 240_000 },
  async (t) => {
    await using service = await openTestService(temporaryFolder(t));
    await service.collections.create(docs, { language: 'en' });
    const [record] = await service.documents.submit(docs, textOf('gone', 'Soon gone.'), NEVER);
    assert.ok(record !== undefined);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, async () => service.documents.delete(docs, record.id)),
    );
    assert.ok(outcomes.some(({ status }) => status === 'fulfilled'));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as HoldfastError).code, 'document_not_found');
    assert.deepEqual(await listed(service), []);
  },
);

test(
  'disposing a service in the middle of its work loses nothing that was acknowledged',
  { timeout: 240_000 },
  async (t) => {
    const data = temporaryFolder(t);
    const folder = temporaryFolder(t);
    writeFiles(folder, 1);
    const acknowledged: string[] = [];
    {
      await using service = await openTestService(data);
      await service.collections.create(docs, { language: 'en' });
      const [first] = await service.documents.submit(docs, textOf('first', 'The first one.'), NEVER);
      acknowledged.push(first?.id ?? '');
      const running = [
        ingest(service, folder),
        ...Array.from({ length: 20 }, async (_, at) => {
          const [record] = await service.documents.submit(docs, textOf(`text-${at}`, `Text ${at}.`), NEVER);
          acknowledged.push(record?.id ?? '');
        }),
      ];
      for (const work of running) work.catch(() => undefined);
      t.after(async () => {
        for (const outcome of await Promise.allSettled(running))
          if (outcome.status === 'rejected')
            assert.equal((outcome.reason as HoldfastError).code, 'shutting_down');
      });
    }
    await using service = await openTestService(data);
    const ids = new Set((await listed(service)).map(({ id }) => String(id)));
    assert.deepEqual(
      acknowledged.filter((id) => !ids.has(id)),
      [],
    );
    assert.deepEqual(await service.verifyIndex(), []);
  },
);
