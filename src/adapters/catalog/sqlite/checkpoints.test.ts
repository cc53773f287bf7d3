import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { temporaryFolder } from '../../../../test/temporary-folder.ts';
import { checkpointsApart, type Checkpoints } from './checkpoints.ts';
import { INLINE_CHECKPOINT_PAGES, openDatabase, query, transaction } from './database.ts';

describe('checkpoints on a thread of their own', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let database: DatabaseSync;
  let checkpoints: Checkpoints;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const path = join(folder.path, 'catalog.db');
    database = openDatabase({ path });
    database.exec('CREATE TABLE filled (bytes BLOB NOT NULL)');
    checkpoints = checkpointsApart(database, path);
  });
  afterEach(async () => {
    await checkpoints[Symbol.asyncDispose]();
    database.close();
    await folder[Symbol.asyncDispose]();
  });

  const fill = (rows: number): void => {
    const insert = database.prepare('INSERT INTO filled VALUES (zeroblob(8000))');
    transaction(database, () => {
      for (let row = 0; row < rows; row++) insert.run();
    });
  };
  const inlinePages = (): number | undefined =>
    query<readonly [number]>(database, 'PRAGMA wal_autocheckpoint').get()?.[0];
  /** Pages in the log, and those that are written back, which this asks for what is left of. */
  const log = (): readonly number[] =>
    query<readonly [number, number, number]>(database, 'PRAGMA wal_checkpoint(PASSIVE)').get()?.slice(1) ??
    [];

  it('write everything back, so that the next commit begins the log anew', async () => {
    fill(300);
    await checkpoints.run();
    fill(1);
    const [pages = 0] = log();
    assert.ok(pages > 0 && pages < 10, `${pages} pages`);
  });

  it('leave a short log to the thread, and the last of a long one to the next commit', async () => {
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
    fill(10);
    await checkpoints.run();
    assert.equal(inlinePages(), 4 * INLINE_CHECKPOINT_PAGES);
    fill(INLINE_CHECKPOINT_PAGES + 1);
    await checkpoints.run();
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
  });

  it('do not wait for a reader, and go on once it has ended', async () => {
    fill(10);
    const reader = openDatabase({ path: join(folder.path, 'catalog.db') });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM filled').get();
    fill(100);
    await checkpoints.run();
    fill(1);
    const [withReader = 0] = log();
    assert.ok(withReader > 100, `${withReader} pages`);
    reader.close();
    await checkpoints.run();
    fill(1);
    const [after = 0] = log();
    assert.ok(after < 10, `${after} pages`);
  });

  it('are left to the connection while the log cannot be looked at', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const loop = join(folder.path, 'loop.db');
    symlinkSync(`${loop}-wal`, `${loop}-wal`);
    await using _blind = checkpointsApart(database, loop);
    fill(10);
    t.mock.timers.tick(1000);
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
  });

  it('are done by the connection again when the thread has ended', async () => {
    fill(10);
    await checkpoints.run();
    await checkpoints[Symbol.asyncDispose]();
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
    await checkpoints.run();
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
  });

  it('are done by the connection when no other one may open the file', async () => {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    fill(1);
    await checkpoints.run();
    assert.equal(inlinePages(), INLINE_CHECKPOINT_PAGES);
  });
});
