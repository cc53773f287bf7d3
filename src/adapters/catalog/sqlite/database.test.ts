import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openDatabase, query, transaction, unflushedTransaction } from './database.ts';

const NORMAL = 1;
const FULL = 2;

describe('transactions of the catalog', () => {
  let folder: string;
  let database: DatabaseSync;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-database-'));
    database = openDatabase({ path: join(folder, 'catalog.db') });
  });
  afterEach(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });

  const flushing = (): number | undefined =>
    query<readonly [number]>(database, 'PRAGMA synchronous').get()?.[0];

  it('wait for the disk, but for the unflushed ones', () => {
    assert.equal(transaction(database, flushing), FULL);
    assert.equal(unflushedTransaction(database, flushing), NORMAL);
    assert.equal(transaction(database, flushing), FULL);
  });

  it('wait for the disk again after an unflushed one has failed, and undo it', () => {
    const probe = (value: number): unknown =>
      database.prepare('UPDATE counter SET probed_at = ? WHERE id = 1').run(value);
    assert.throws(
      () =>
        unflushedTransaction(database, () => {
          probe(1);
          throw new Error('no');
        }),
      /no/,
    );
    assert.equal(flushing(), FULL);
    assert.deepEqual(query<readonly [number]>(database, 'SELECT probed_at FROM counter').get(), [0]);
  });
});
