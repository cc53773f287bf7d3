import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { catalogContract } from '../../../test/contract/catalog.ts';
import { encodingsContract } from '../../../test/contract/encodings.ts';
import { jobQueueContract, type JobQueueHarness } from '../../../test/contract/job-queue.ts';
import { sketchesContract } from '../../../test/contract/sketches.ts';
import { fillDisk, withSmallDisk } from '../../../test/contract/small-disk.ts';
import { GENERATION, putOf, scopeOf } from '../../../test/contract/catalog-samples.ts';
import type { Catalog } from '../../core/documents/catalog.ts';
import { chunkId, documentId } from '../../core/documents/ids.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { sqliteCatalog } from './sqlite.ts';

const openHarness = async (clock: Clock): Promise<JobQueueHarness> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-catalog-'));
  const path = join(folder, 'catalog.db');
  let catalog = sqliteCatalog({ path, clock });
  return {
    catalog,
    async reopen() {
      await catalog[Symbol.asyncDispose]();
      catalog = sqliteCatalog({ path, clock });
      return catalog;
    },
    async dispose() {
      await catalog[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
};

catalogContract('sqlite', openHarness);
encodingsContract('sqlite', openHarness);
jobQueueContract('sqlite', openHarness);
sketchesContract('sqlite', openHarness);

const docs = scopeOf('docs');
const settings = { language: 'auto', description: '' };

describe('the SQLite catalog', () => {
  let folder: string;
  let path: string;

  const openCatalog = (maxPages?: number): Catalog =>
    sqliteCatalog({ path, clock: systemClock, ...(maxPages === undefined ? {} : { maxPages }) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-catalog-'));
    path = join(folder, 'catalog.db');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('refuses a file of a newer Holdfast and leaves it as it is', async () => {
    await openCatalog()[Symbol.asyncDispose]();
    withDatabase(path, (database) => database.exec('PRAGMA user_version = 99'));
    assert.throws(() => openCatalog(), { code: 'data_folder_too_new', message: /schema version 99/ });
    const version = withDatabase(path, (database) => database.prepare('PRAGMA user_version').get());
    assert.equal(version?.['user_version'], 99);
  });

  it('refuses a file that is not a database', async () => {
    await writeFile(path, 'This is a text, not a database. '.repeat(100));
    assert.throws(() => openCatalog(), { code: 'storage_failed', message: /not a database/ });
  });

  it("refuses another program's database", async () => {
    withDatabase(path, (database) => database.exec('CREATE TABLE songs (title TEXT)'));
    assert.throws(() => openCatalog(), { code: 'storage_failed', message: /not a catalog of Holdfast/ });
  });

  it('reports a damaged page and still reads the others', async () => {
    await using catalog = openCatalog();
    await catalog.createCollection({ ...docs, settings, generation: GENERATION });
    const changes = Array.from({ length: 50 }, (_, index) => putOf(docs, `${index}`, ['x'.repeat(8000)]));
    await catalog.commit(docs, changes);
    await catalog[Symbol.asyncDispose]();
    await damageTable(path, 'chunks');

    await using damaged = openCatalog();
    assert.equal((await damaged.listDocuments(docs, { limit: 100, cursor: null })).items.length, 50);
    const ids = changes.map(({ version }) => chunkId(version.id, 0));
    await assert.rejects(damaged.hydrate(docs, ids), { code: 'storage_failed' });
  });

  it('rejects calls after it was closed', async () => {
    const catalog = openCatalog();
    await catalog[Symbol.asyncDispose]();
    await catalog[Symbol.asyncDispose]();
    await assert.rejects(catalog.getCollection(docs), { code: 'storage_failed' });
  });

  it('reports a full disk, writes nothing of the commit, and goes on reading', async () => {
    await using catalog = openCatalog(100);
    await catalog.createCollection({ ...docs, settings, generation: GENERATION });
    await provesDiskFull(catalog, () => catalog.deleteCollection(scopeOf('ballast')));
  });

  it('loses nothing that was acknowledged when the process is killed', { timeout: 60_000 }, async () => {
    let acknowledged = 0;
    for (let round = 0; round < 3; round += 1) {
      acknowledged = await killedWriter(path, acknowledged, acknowledged + 20 + round * 7);
      await using catalog = openCatalog();
      const stats = (await catalog.getCollection(docs))?.stats;
      assert.ok(stats !== undefined && stats.documents.total >= acknowledged);
      assert.equal(stats.chunks, stats.documents.total);
      const last = await catalog.getDocument(docs, documentId(docs, `${acknowledged - 1}.md`));
      assert.ok(last?.version !== null && last?.version !== undefined);
      const [chunk] = await catalog.hydrate(docs, [chunkId(last.version, 0)]);
      assert.equal(chunk?.text, `Passage of ${acknowledged - 1}.md`);
      acknowledged = stats.documents.total;
    }
  });
});

describe('the SQLite catalog on a disk of 6 MB', () => {
  it('reports that it is full, reads on, and writes again when there is space', (t) =>
    withSmallDisk(t, async (disk) => {
      const ballast = join(disk, 'ballast');
      await writeFile(ballast, Buffer.alloc(2_000_000));
      const path = join(disk, 'catalog.db');
      await using catalog = await newCatalog(path);
      await provesDiskFull(catalog, () => rm(ballast));
      await catalog[Symbol.asyncDispose]();
      const check = withDatabase(path, (database) => database.prepare('PRAGMA integrity_check').get());
      assert.equal(check?.['integrity_check'], 'ok');
    }));

  it('opens on a full disk, reads, and writes when there is space', (t) =>
    withSmallDisk(t, async (disk) => {
      const path = join(disk, 'catalog.db');
      const first = await newCatalog(path);
      await first.commit(docs, [putOf(docs, 'a.md')]);
      await first[Symbol.asyncDispose]();
      const ballast = await fillDisk(disk);

      await using catalog = sqliteCatalog({ path, clock: systemClock });
      assert.equal((await catalog.listDocuments(docs, { limit: 10, cursor: null })).items.length, 1);
      assert.equal((await catalog.health()).writable, false);
      await rm(ballast);
      await catalog.commit(docs, [putOf(docs, 'b.md')]);
      assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 2);
    }));
});

async function newCatalog(path: string): Promise<Catalog> {
  const catalog = sqliteCatalog({ path, clock: systemClock });
  await catalog.createCollection({ ...docs, settings, generation: GENERATION });
  return catalog;
}

/** Fills the disk by commits of ten documents and holds the catalog to what it promises then. */
async function provesDiskFull(catalog: Catalog, free: () => Promise<unknown>): Promise<void> {
  const ballast = scopeOf('ballast');
  await catalog.createCollection({ ...ballast, settings, generation: GENERATION });
  await catalog.commit(ballast, [putOf(ballast, 'heavy.md', ['y'.repeat(150_000)])]);
  const kept = putOf(docs, 'kept.md');
  await catalog.commit(docs, [kept]);

  const tens = (round: number): readonly ReturnType<typeof putOf>[] =>
    Array.from({ length: 10 }, (_, index) => putOf(docs, `${round}-${index}`, ['z'.repeat(4000)]));
  let rounds = 0;
  const fill = async (): Promise<void> => {
    for (; rounds < 10_000; rounds += 1) await catalog.commit(docs, tens(rounds));
  };
  await assert.rejects(fill(), { code: 'storage_full' });
  await assert.rejects(catalog.commit(docs, tens(rounds)), { code: 'storage_full' });

  const stats = (await catalog.getCollection(docs))?.stats;
  assert.equal(stats?.documents.total, 1 + rounds * 10);
  assert.equal(stats.chunks, 1 + rounds * 10);
  const unwritten = tens(rounds)[0];
  assert.ok(unwritten !== undefined);
  assert.equal(await catalog.getDocument(docs, unwritten.draft.id), null);
  assert.equal((await catalog.hydrate(docs, [chunkId(kept.version.id, 0)]))[0]?.text, 'Passage of kept.md');
  assert.equal((await catalog.health()).readable, true);

  await free();
  await catalog.commit(docs, tens(rounds));
  assert.equal((await catalog.getDocument(docs, unwritten.draft.id))?.state, 'ready');
}

function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

/** Overwrites a table's last leaf page. */
async function damageTable(path: string, table: string): Promise<void> {
  const page = withDatabase(path, (database) =>
    database
      .prepare("SELECT max(pageno) AS number FROM dbstat WHERE name = ? AND pagetype = 'leaf'")
      .get(table),
  );
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(8192, 0xff), 0, 8192, (Number(page?.['number']) - 1) * 8192);
  await file.close();
}

/** Starts a writer at document `first`, kills it after `until` acknowledgements, returns how many there were. */
async function killedWriter(path: string, first: number, until: number): Promise<number> {
  const script = join(import.meta.dirname, '../../../test/contract/catalog-writer.ts');
  const child = spawn(process.execPath, [script, path, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let acknowledged = first;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (acknowledged >= until) child.kill('SIGKILL');
  }
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
}
