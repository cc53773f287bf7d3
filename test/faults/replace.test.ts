import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createReadStream, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { Service } from '../../src/app/service.ts';
import {
  foundDocuments,
  NEVER,
  openTestService,
  scopeOf,
  temporaryFolder,
  textOf,
} from '../end-to-end/service.ts';

const noPipes = process.platform === 'win32' && 'NOT TESTED: Windows has no named pipes in folders';
const docs = scopeOf('docs');

/** Replaces a file by a pipe: whoever opens it waits for the other side. */
function makePipe(path: string): void {
  rmSync(path, { force: true });
  assert.equal(spawnSync('mkfifo', [path]).status, 0, 'mkfifo');
}

function contentOf(revision: number): string {
  return `The lighthouse keeper logs revision ${revision}.\n\n${'Fog and gulls. '.repeat(60)}`;
}

/** Searches again and again until `work` is over; every single time the one document must be there. */
async function searchDuring(service: Service, work: Promise<unknown>): Promise<number> {
  const state = { isOver: false };
  const over = work.finally(() => (state.isOver = true));
  let searches = 0;
  while (!state.isOver) searches += await searchTimes(service, 1);
  await over;
  return searches;
}

async function searchTimes(service: Service, times: number): Promise<number> {
  for (let search = 0; search < times; search++) {
    const found = await foundDocuments(service, docs, 'lighthouse keeper');
    assert.equal(found.length, 1, `found ${found.length} documents`);
    await turn();
  }
  return times;
}

test('a document that is replaced is found at every moment', { timeout: 240_000 }, async (t) => {
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.create(docs, {});
  await service.documents.submit(docs, textOf('keeper', contentOf(0)), NEVER);
  const replacing = (async () => {
    for (let revision = 1; revision <= 40; revision++)
      await service.documents.submit(docs, textOf('keeper', contentOf(revision)), NEVER);
  })();
  t.diagnostic(`${await searchDuring(service, replacing)} searches during 40 replacements`);
});

test(
  'a document that is replaced while the index is being saved is found at every moment',
  { skip: noPipes, timeout: 240_000 },
  async (t) => {
    const data = temporaryFolder(t);
    const files = temporaryFolder(t);
    await using service = await openTestService(data);
    await service.collections.create(docs, {});
    await service.documents.submit(docs, textOf('keeper', contentOf(0)), NEVER);
    writeFileSync(join(files, 'a.md'), '# Other\n\nSomething else.');
    await service.ingest({ scope: docs, paths: [files] }, () => undefined, NEVER);
    const [snapshot = ''] = globSync(join(data, 'index/*.index'));

    makePipe(`${snapshot}.tmp`);
    writeFileSync(join(files, 'a.md'), '# Other\n\nSomething new.');
    const saving = service.ingest({ scope: docs, paths: [files] }, () => undefined, NEVER);
    try {
      await searchTimes(service, 200);
      const replacing = service.documents.submit(docs, textOf('keeper', contentOf(1)), NEVER);
      await searchTimes(service, 200);
      createReadStream(`${snapshot}.tmp`).resume();
      await searchDuring(service, Promise.all([saving, replacing]));
    } finally {
      createReadStream(`${snapshot}.tmp`)
        .on('error', () => undefined)
        .resume();
    }
    assert.deepEqual(await service.verifyIndex(), []);
  },
);

test(
  'a document that is replaced while another collection is being loaded is found',
  { skip: noPipes, timeout: 240_000 },
  async (t) => {
    const data = temporaryFolder(t);
    const other = scopeOf('other');
    {
      await using service = await openTestService(data);
      await service.collections.create(other, {});
      await service.documents.submit(other, textOf('gulls', 'The gulls cry.'), NEVER);
    }
    const [snapshot = ''] = globSync(join(data, 'index/*.index'));
    await using service = await openTestService(data);
    await service.collections.create(docs, {});
    await service.documents.submit(docs, textOf('keeper', contentOf(0)), NEVER);
    makePipe(snapshot);
    const searching = service.search(
      {
        tenant: docs.tenant,
        query: 'lighthouse keeper',
        collections: [docs.collection, other.collection],
        filter: {},
        topK: 10,
        mode: 'lexical',
      },
      NEVER,
    );
    const [replaced] = await service.documents.submit(docs, textOf('keeper', contentOf(1)), NEVER);
    writeFileSync(snapshot, 'not a snapshot');
    const { results } = await searching;
    assert.equal(results[0]?.documentVersion, replaced?.version);
  },
);
