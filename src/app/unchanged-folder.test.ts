import assert from 'node:assert/strict';
import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NEVER, openTestService, scopeOf, temporaryFolder } from '../../test/end-to-end/service.ts';
import { fileStamp } from '../adapters/source/file-stamp.ts';
import type { IngestSummary } from '../core/documents/library.ts';

const docs = scopeOf('docs');
const PAST = new Date(1_700_000_000_000);

/** Once the file is old enough for its stamp. */
async function settled(path: string): Promise<string> {
  for (;;) {
    const stamp = fileStamp(await stat(path, { bigint: true }), Date.now());
    if (stamp !== null) return stamp;
    await delay(5);
  }
}

test('files are known by their stamps, which are renewed, and a change that keeps size and time is seen', async (t) => {
  const folder = temporaryFolder(t);
  const data = temporaryFolder(t);
  const path = join(folder, 'a.md');
  const write = async (text: string): Promise<string> => {
    await writeFile(path, text);
    await utimes(path, PAST, PAST);
    return settled(path);
  };
  await using service = await openTestService(data);
  await service.collections.ensure(docs);
  const ingest = async (): Promise<IngestSummary['files']> =>
    (await service.ingest({ scope: docs, paths: [folder] }, () => undefined, NEVER)).files;
  const stored = (): unknown => {
    using catalog = new DatabaseSync(join(data, 'catalog.db'), { readOnly: true });
    return catalog.prepare('SELECT stamp FROM documents').get()?.['stamp'];
  };

  const first = await write('The heron waits.');
  assert.equal((await ingest()).added, 1);
  assert.equal(stored(), first);
  assert.equal((await ingest()).unchanged, 1);

  const touched = await write('The heron waits.');
  assert.notEqual(touched, first);
  assert.equal((await ingest()).unchanged, 1);
  assert.equal(stored(), touched);

  const changed = await write('The crane waits.');
  assert.equal((await ingest()).updated, 1);
  assert.equal(stored(), changed);
});
