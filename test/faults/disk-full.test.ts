import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { collectionPath, type Api } from '../end-to-end/api.ts';
import { startServer } from '../end-to-end/process.ts';
import { fillDisk, withSmallDisk } from '../contract/small-disk.ts';

const QUESTION = 'When do backups run?';
const FACT = 'Backups run daily at 02:00 and are kept for thirty days.';

/** A folder of documents outside of the small disk. */
function documents(t: TestContext, name: string, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  for (let at = 0; at < count; at++) {
    const lines = Array.from(
      { length: 40 },
      (_, line) => `Sentence ${line} of ${name} ${at} holds ${Math.imul(line + 7, at + 13)}.`,
    );
    writeFileSync(join(folder, `${name}-${at}.md`), `# ${name} ${at}\n\n${FACT}\n\n${lines.join('\n')}\n`);
  }
  return folder;
}

async function assertReads(api: Api): Promise<void> {
  const results = await api.search('docs', QUESTION);
  assert.ok(results.length > 0, 'searches go on');
  const { answer, citations } = await api.ask('docs', QUESTION);
  assert.equal(answer.refused, false);
  assert.match(answer.text, /02:00/);
  assert.ok(citations.length > 0);
}

async function assertFull(api: Api, folder: string): Promise<void> {
  const ingest = await api.send('POST', `${collectionPath('docs')}/ingest?wait=true`, {
    body: { paths: [folder] },
  });
  assert.equal(ingest.status, 507, JSON.stringify(ingest.body));
  assert.match(ingest.type, /^application\/problem\+json/);
  assert.equal((ingest.body as { code: string }).code, 'storage_full');
  const submit = await api.submit('docs', { id: 'late', text: 'x '.repeat(20_000) });
  assert.equal(submit.status, 507, JSON.stringify(submit.body));
}

test(
  'a full disk refuses writes with 507, keeps answering, and heals when space comes back',
  { timeout: 120_000 },
  async (t) => {
    await withSmallDisk(t, async (disk) => {
      const data = join(disk, 'data');
      const first = documents(t, 'first', 20);
      const later = documents(t, 'later', 200);
      await using server = await startServer(data);
      const { api } = server;
      await api.createCollection('docs');
      assert.equal((await api.ingest('docs', first)).files.added, 20);
      const before = await api.documents('docs');

      const ballast = await fillDisk(disk);
      await assertFull(api, later);
      await assertReads(api);
      const health = await api.health();
      assert.equal(health.state, 'degraded', JSON.stringify(health));
      assert.deepEqual(await api.documents('docs'), before, 'a refused write leaves nothing');

      rmSync(ballast);
      assert.equal((await api.submit('docs', { id: 'late', text: 'Space came back at noon.' })).status, 201);
      assert.equal((await api.health()).state, 'ok');
      assert.equal((await api.ingest('docs', first)).files.unchanged, 20);
    });
  },
);

test('a server stops cleanly on a full disk and starts again for reads', { timeout: 120_000 }, async (t) => {
  await withSmallDisk(t, async (disk) => {
    const data = join(disk, 'data');
    const first = documents(t, 'first', 20);
    let ballast: string;
    {
      await using server = await startServer(data);
      await server.api.createCollection('docs');
      await server.api.ingest('docs', first);
      // Not in a snapshot yet, so that stopping wants to write one.
      assert.equal(
        (await server.api.submit('docs', { id: 'last', text: 'The last word is said.' })).status,
        201,
      );
      ballast = await fillDisk(disk);
      server.signal('SIGTERM');
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.log());
    }
    {
      await using server = await startServer(data);
      await assertReads(server.api);
      assert.equal((await server.api.search('docs', 'last word')).length > 0, true);
      assert.equal((await server.api.submit('docs', { id: 'late', text: 'x '.repeat(20_000) })).status, 507);
      rmSync(ballast);
      assert.equal(
        (await server.api.submit('docs', { id: 'after', text: 'Space came back at noon.' })).status,
        201,
        server.log(),
      );
    }
    await using server = await startServer(data);
    assert.equal((await server.api.search('docs', 'noon')).length > 0, true);
  });
});

test('a killed server starts again on a full disk for reads', { timeout: 120_000 }, async (t) => {
  await withSmallDisk(t, async (disk) => {
    const data = join(disk, 'data');
    {
      await using server = await startServer(data);
      await server.api.createCollection('docs');
      await server.api.ingest('docs', documents(t, 'first', 20));
      await fillDisk(disk);
    }
    await using server = await startServer(data);
    await assertReads(server.api);
    assert.equal((await server.api.health()).state, 'degraded');
  });
});
