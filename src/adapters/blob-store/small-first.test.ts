import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { blobStoreContract } from '../../../test/contract/blob-store.ts';
import type { BlobStore } from '../../core/documents/blob-store.ts';
import { systemClock } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { sqliteCatalog, type SqliteCatalog } from '../catalog/sqlite.ts';
import { folderBlobStore } from './folder.ts';
import { SMALL_BLOB_BYTES, smallFirst, type SmallBlob } from './small-first.ts';
import { folderUploads } from './uploads.ts';

function openCatalog(folder: string): SqliteCatalog {
  return sqliteCatalog({ path: join(folder, 'catalog.db'), clock: systemClock });
}

async function openStore(folder: string, catalog: SqliteCatalog): Promise<BlobStore> {
  return smallFirst(catalog.smallBlobs, await folderBlobStore(join(folder, 'originals')));
}

blobStoreContract('small blobs in the catalog, others in a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
  const uploads = await folderUploads(join(folder, 'uploads'));
  let catalog = openCatalog(folder);
  return {
    store: await openStore(folder, catalog),
    stage: async (bytes) => uploads.receive(Readable.from([bytes])),
    reopen: async () => {
      await catalog[Symbol.asyncDispose]();
      catalog = openCatalog(folder);
      return openStore(folder, catalog);
    },
    dispose: async () => {
      await catalog[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});

function blobs(sizes: readonly number[]): readonly Uint8Array[] {
  return sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
}

describe('a blob store that keeps small blobs in the catalog', () => {
  let folder: string;
  let catalog: SqliteCatalog;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
    catalog = openCatalog(folder);
  });
  afterEach(async () => {
    await catalog[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const filesIn = async (): Promise<readonly string[]> =>
    (await readdir(join(folder, 'originals'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);

  it('makes a file for what is larger, and for nothing else', async () => {
    const store = await openStore(folder, catalog);
    const [small = new Uint8Array(), large = new Uint8Array()] = blobs([
      SMALL_BLOB_BYTES,
      SMALL_BLOB_BYTES + 1,
    ]);
    for (const bytes of [small, large]) await store.put(sha256Hex(bytes), bytes);
    assert.deepEqual(await filesIn(), [sha256Hex(large)]);
  });

  it('writes what comes together together', async () => {
    const batches: number[] = [];
    const { smallBlobs } = catalog;
    const counted = {
      ...smallBlobs,
      put: async (some: readonly SmallBlob[]) => {
        batches.push(some.length);
        await smallBlobs.put(some);
      },
    };
    const store = smallFirst(counted, await folderBlobStore(join(folder, 'originals')));
    const all = blobs(Array.from({ length: 10 }, () => 100));
    await Promise.all(all.map(async (bytes) => store.put(sha256Hex(bytes), bytes)));
    assert.deepEqual(batches, [10]);
    for (const bytes of all) assert.deepEqual([...((await store.get(sha256Hex(bytes))) ?? [])], [...bytes]);
  });

  it('finds and deletes a small blob that an earlier version keeps as a file', async () => {
    const bytes = Buffer.from('The heron waits.');
    const hash = sha256Hex(bytes);
    await (await folderBlobStore(join(folder, 'originals'))).put(hash, bytes);
    const store = await openStore(folder, catalog);
    assert.equal(await store.has(hash), true);
    assert.deepEqual(await store.get(hash), bytes);
    await store.adopt(hash, null);
    await store.put(hash, bytes);
    await store.delete(hash);
    assert.equal(await store.has(hash), false);
    assert.deepEqual(await filesIn(), []);
  });

  it('says so when a small blob is damaged', async () => {
    const store = await openStore(folder, catalog);
    const bytes = Buffer.from('The heron waits.');
    await store.put(sha256Hex(bytes), bytes);
    const other = new DatabaseSync(join(folder, 'catalog.db'));
    other.exec("UPDATE small_blobs SET packed = x'07'");
    other.close();
    await assert.rejects(store.get(sha256Hex(bytes)), { code: 'storage_failed' });
  });
});
