import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { BlobStore } from '../../src/core/documents/blob-store.ts';
import type { StagedContent } from '../../src/core/documents/uploads.ts';
import { sha256Hex } from '../../src/lib/hash.ts';

/** An empty blob store of its own for one test. */
export interface BlobStoreHarness {
  readonly store: BlobStore;
  /** Stages content as its upload store does. */
  stage(bytes: Uint8Array): Promise<StagedContent>;
  /** Opens the same blobs again. */
  reopen(): Promise<BlobStore>;
  dispose(): Promise<void>;
}

/** What every blob store does; each adapter's test runs it. */
export function blobStoreContract(name: string, open: () => Promise<BlobStoreHarness>): void {
  describe(`blob store contract: ${name}`, () => {
    let harness: BlobStoreHarness;
    let store: BlobStore;

    const put = async (bytes: Uint8Array): Promise<string> => {
      const hash = sha256Hex(bytes);
      await store.put(hash, bytes);
      return hash;
    };

    beforeEach(async () => {
      harness = await open();
      store = harness.store;
    });
    afterEach(() => harness.dispose());

    const samples = {
      'no bytes': new Uint8Array(),
      'one byte': Uint8Array.of(1),
      'text that compresses well': Buffer.from('All work and no play. '.repeat(5000)),
      'bytes that do not compress': randomBytes(100_000),
      'several megabytes': Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000)]),
      'a part of a larger buffer': new Uint8Array(1000).fill(7).subarray(100, 900),
    };
    for (const [what, bytes] of Object.entries(samples)) {
      it(`gives back ${what}`, async () => {
        const hash = await put(bytes);
        const found = await store.get(hash);
        assert.ok(found !== null);
        assert.equal(Buffer.compare(found, bytes), 0);
      });
    }

    it('has no blob that was not put', async () => {
      assert.equal(await store.get(sha256Hex('never')), null);
      assert.equal(await store.has(sha256Hex('never')), false);
      assert.equal(await store.has(await put(Buffer.from('put'))), true);
    });

    for (const [what, bytes] of Object.entries(samples)) {
      it(`adopts ${what} that an upload has left`, async () => {
        const { hash, place } = await harness.stage(bytes);
        await store.adopt(hash, place);
        assert.equal(Buffer.compare((await store.get(hash)) ?? assert.fail('gone'), bytes), 0);
        await store.adopt(hash, null);
      });
    }

    it('adopts what it has already', async () => {
      const bytes = Buffer.from('twice');
      const hash = await put(bytes);
      const { place } = await harness.stage(bytes);
      await store.adopt(hash, place);
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    });

    it('says so when what it should adopt is not there', async () => {
      const { hash, place } = await harness.stage(Buffer.from('once'));
      await assert.rejects(store.adopt(hash, null), { code: 'upload_not_found' });
      await store.adopt(hash, place);
      await store.delete(hash);
      await assert.rejects(store.adopt(hash, place), { code: 'upload_not_found' });
    });

    it('stores the same content again without harm, also at once', async () => {
      const bytes = Buffer.from('again '.repeat(1000));
      const hashes = await Promise.all(Array.from({ length: 8 }, () => put(bytes)));
      const hash = await put(bytes);
      assert.deepEqual(new Set(hashes), new Set([hash]));
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    });

    it('stores many blobs at once', async () => {
      const blobs = Array.from({ length: 50 }, (_, index) => Buffer.from(`blob ${index}`));
      const hashes = await Promise.all(blobs.map(put));
      const found = await Promise.all(hashes.map((hash) => store.get(hash)));
      assert.deepEqual(
        found.map((bytes) => Buffer.from(bytes ?? []).toString()),
        blobs.map(String),
      );
    });

    it('deletes a blob, and only that', async () => {
      const [gone, kept] = [await put(Buffer.from('gone')), await put(Buffer.from('kept'))];
      await store.delete(gone);
      assert.equal(await store.get(gone), null);
      assert.ok((await store.get(kept)) !== null);
    });

    it('does not mind deleting a blob that is not there', async () => {
      await store.delete(sha256Hex('never'));
    });

    it('stores a blob again after it was deleted', async () => {
      const bytes = Buffer.from('back');
      await store.delete(await put(bytes));
      const hash = await put(bytes);
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    });

    it('never takes a name that is not a hash for a place', async () => {
      for (const name of ['', '../secret', `../${'a'.repeat(61)}`, 'A'.repeat(64), 'a'.repeat(63)]) {
        await assert.rejects(store.put(name, new Uint8Array()), { code: 'internal_error' }, name);
        await assert.rejects(store.adopt(name, null), { code: 'internal_error' }, name);
        assert.equal(await store.has(name), false);
        assert.equal(await store.get(name), null);
        await store.delete(name);
      }
    });

    it('finds blobs again after it was opened anew', async () => {
      const bytes = Buffer.from('durable');
      const hash = await put(bytes);
      store = await harness.reopen();
      assert.deepEqual(Buffer.from((await store.get(hash)) ?? []), bytes);
    });
  });
}
