import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { blobStoreContract } from '../../../test/contract/blob-store.ts';
import { fillDisk, withSmallDisk } from '../../../test/contract/small-disk.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { folderBlobStore } from './folder.ts';
import { folderUploads } from './uploads.ts';

blobStoreContract('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
  const uploads = await folderUploads(join(folder, 'uploads'));
  return {
    store: await folderBlobStore(folder),
    stage: async (bytes) => uploads.receive(Readable.from([bytes])),
    reopen: () => folderBlobStore(folder),
    dispose: () => rm(folder, { recursive: true }),
  };
});

describe('the folder blob store', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-blobs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const text = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(1000));
  const textHash = sha256Hex(text);

  it('keeps a blob compressed in a file named by its hash', async () => {
    const store = await folderBlobStore(join(folder, 'new', 'originals'));
    await store.put(textHash, text);
    const file = join(folder, 'new', 'originals', textHash.slice(0, 2), textHash);
    assert.ok((await stat(file)).size < text.length / 10);
  });

  it('compresses a large blob unless samples of it do not shrink', async () => {
    const store = await folderBlobStore(folder);
    const noise = randomBytes(2_000_000);
    const mixed = Buffer.concat([
      noise.subarray(0, 100_000),
      Buffer.alloc(2_000_000, 'All work and no play. '),
    ]);
    const sizes: number[] = [];
    for (const bytes of [noise, mixed]) {
      const hash = sha256Hex(bytes);
      await store.put(hash, bytes);
      sizes.push((await stat(join(folder, hash.slice(0, 2), hash))).size);
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    }
    assert.equal(sizes[0], noise.length + 1);
    assert.ok((sizes[1] ?? Infinity) < mixed.length / 5);
  });

  it('removes what an interrupted write left behind', async () => {
    await mkdir(join(folder, 'tmp'));
    await writeFile(join(folder, 'tmp', 'half'), 'half of a bl');
    const store = await folderBlobStore(folder);
    await store.put(textHash, text);
    const names = await readdir(folder, { recursive: true });
    assert.deepEqual(names.toSorted(), [textHash.slice(0, 2), join(textHash.slice(0, 2), textHash), 'tmp']);
  });

  it('reports a damaged file', async () => {
    const store = await folderBlobStore(folder);
    await store.put(textHash, text);
    const file = join(folder, textHash.slice(0, 2), textHash);
    for (const damage of [Buffer.alloc(0), Buffer.from([9, 1, 2]), Buffer.from([1, 2, 3, 4])]) {
      await writeFile(file, damage);
      await assert.rejects(store.get(textHash), { code: 'storage_failed', message: new RegExp(textHash) });
    }
  });

  it('writes a blob again whose file is empty', async () => {
    const store = await folderBlobStore(folder);
    await store.put(textHash, text);
    await writeFile(join(folder, textHash.slice(0, 2), textHash), '');
    await store.put(textHash, text);
    assert.deepEqual(Buffer.from((await store.get(textHash)) ?? []), text);
  });

  it('adopts what was staged on another file system, and leaves nothing there', (t) =>
    withSmallDisk(t, async (disk) => {
      const store = await folderBlobStore(join(disk, 'originals'));
      const uploads = await folderUploads(join(folder, 'uploads'));
      const { hash, place } = await uploads.receive(Readable.from([text]));
      await store.adopt(hash, place);
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), text);
      assert.deepEqual(await readdir(join(folder, 'uploads', 'tmp')), []);
      assert.deepEqual(await readdir(join(disk, 'originals', 'tmp')), []);
    }));

  it('reports a folder that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(folderBlobStore(join(folder, 'file', 'originals')), { code: 'storage_failed' });
  });

  it('reports a full disk, reads on, and writes again when there is space', (t) =>
    withSmallDisk(t, async (disk) => {
      const store = await folderBlobStore(join(disk, 'originals'));
      await store.put(textHash, text);
      const ballast = await fillDisk(disk);
      const bytes = randomBytes(50_000);
      const hash = sha256Hex(bytes);

      await assert.rejects(store.put(hash, bytes), { code: 'storage_full' });
      assert.equal(await store.get(hash), null);
      assert.deepEqual(await readdir(join(disk, 'originals', 'tmp')), []);
      assert.ok((await store.get(textHash)) !== null);
      assert.ok((await folderBlobStore(join(disk, 'originals'))) !== null);

      await rm(ballast);
      await store.put(hash, bytes);
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    }));
});
