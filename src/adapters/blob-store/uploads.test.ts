import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { TenantId } from '../../core/documents/ids.ts';
import type { UploadPart, UploadStore } from '../../core/documents/uploads.ts';
import { fillDisk, withSmallDisk } from '../../../test/contract/small-disk.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { folderUploads } from './uploads.ts';

const TENANT = 'default' as TenantId;
const BYTES = randomBytes(100_000);
const NAME = { tenant: TENANT, hash: sha256Hex(BYTES) };

async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function* breakingOff(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
  throw new Error('the client has gone');
}

/** Bytes from `start` to `end` as a part of all. */
function part(start: number, end: number, bytes: Uint8Array = BYTES): UploadPart {
  return { offset: start, length: bytes.length, pieces: pieces(bytes.subarray(start, end)) };
}

describe('the folder of uploads', () => {
  let folder: string;
  let store: UploadStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-uploads-'));
    store = await folderUploads(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const files = async (): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  it('receives a content with its hash, and discards it', async () => {
    const content = await store.receive(pieces(BYTES.subarray(0, 7), BYTES.subarray(7)));
    assert.deepEqual([content.hash, content.sizeBytes], [NAME.hash, BYTES.length]);
    assert.deepEqual((await readFile(content.place ?? '')).subarray(1), BYTES);
    await store.discard(content);
    await store.discard(content);
    assert.deepEqual(await files(), []);
  });

  it('leaves nothing of a content that breaks off, and passes the reason on', async () => {
    await assert.rejects(store.receive(breakingOff(BYTES)), /the client has gone/);
    assert.deepEqual(await files(), []);
  });

  it('removes at its start what a killed process was receiving, and keeps what can go on', async () => {
    await store.receive(pieces(BYTES));
    await store.append(NAME, part(0, 10));
    store = await folderUploads(folder);
    assert.deepEqual(await files(), [`${NAME.hash}.part`]);
    assert.deepEqual(await store.progress(NAME), { offset: 10, isComplete: false });
  });

  it('puts parts together, and finds the content when it is complete', async () => {
    assert.equal(await store.progress(NAME), null);
    assert.deepEqual(await store.append(NAME, part(0, 1000)), { offset: 1000, isComplete: false });
    assert.equal(await store.find(NAME), null);
    const whole = { offset: BYTES.length, isComplete: true };
    assert.deepEqual(await store.append(NAME, part(1000, BYTES.length)), whole);
    assert.deepEqual(await store.progress(NAME), whole);
    const found = (await store.find(NAME)) ?? assert.fail('not found');
    assert.deepEqual((await readFile(found.place ?? '')).subarray(1), BYTES);
    assert.deepEqual(await store.append(NAME, part(BYTES.length, BYTES.length)), whole, 'nothing to do');
  });

  it('keeps what came before a part broke off', async () => {
    const broken = { offset: 0, length: BYTES.length, pieces: breakingOff(BYTES.subarray(0, 5000)) };
    await assert.rejects(store.append(NAME, broken), /the client has gone/);
    assert.deepEqual(await store.progress(NAME), { offset: 5000, isComplete: false });
    assert.equal((await store.append(NAME, part(5000, BYTES.length))).isComplete, true);
  });

  it('goes on in another process', async () => {
    await store.append(NAME, part(0, 60_000));
    store = await folderUploads(folder);
    assert.equal((await store.append(NAME, part(60_000, BYTES.length))).isComplete, true);
  });

  it('verifies with an empty part what a killed process has not', async () => {
    await store.append(NAME, part(0, BYTES.length));
    const { place } = (await store.find(NAME)) ?? assert.fail('not found');
    await writeFile(`${place}.part`, await readFile(place ?? ''));
    await rm(place ?? '');
    assert.deepEqual(await store.progress(NAME), { offset: BYTES.length, isComplete: false });
    assert.equal((await store.append(NAME, part(BYTES.length, BYTES.length))).isComplete, true);
  });

  it('refuses a part that begins elsewhere', async () => {
    await assert.rejects(store.append(NAME, part(1, 10)), { code: 'upload_offset_mismatch' });
    await store.append(NAME, part(0, 10));
    await assert.rejects(store.append(NAME, part(0, 10)), {
      code: 'upload_offset_mismatch',
      message: /^10 bytes/,
    });
  });

  it('refuses and drops what has another hash', async () => {
    const other = Uint8Array.from(BYTES, (byte, at) => (at === 50_000 ? byte ^ 1 : byte));
    await assert.rejects(store.append(NAME, part(0, other.length, other)), { code: 'upload_hash_mismatch' });
    assert.equal(await store.progress(NAME), null);
    assert.deepEqual(await files(), []);
  });

  it('refuses more bytes than were named', async () => {
    const more = { offset: 0, length: 10, pieces: pieces(BYTES) };
    await assert.rejects(store.append(NAME, more), { code: 'invalid_request' });
  });

  it('lets a later request take over from one whose client has gone', async () => {
    const arrived = Promise.withResolvers<void>();
    const never = Promise.withResolvers<never>();
    async function* stalled(): AsyncGenerator<Uint8Array> {
      yield BYTES.subarray(0, 100);
      arrived.resolve();
      yield await never.promise;
    }
    const first = store.append(NAME, { offset: 0, length: BYTES.length, pieces: stalled() });
    await arrived.promise;
    const second = store.append(NAME, part(100, BYTES.length));
    await assert.rejects(first, { code: 'upload_offset_mismatch', message: /another request goes on/ });
    assert.equal((await second).isComplete, true);
  });

  it('lets one of many requests at once win, and the content is whole', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, async () => store.append(NAME, part(0, BYTES.length))),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.ok(lost.length < 8, 'one of them ends');
    for (const { reason } of lost) assert.equal((reason as { code: string }).code, 'upload_offset_mismatch');
    const { place } = (await store.find(NAME)) ?? assert.fail('not found');
    assert.deepEqual((await readFile(place ?? '')).subarray(1), BYTES);
  });

  it('keeps tenants apart, whatever they are called', async () => {
    await store.append(NAME, part(0, BYTES.length));
    for (const tenant of ['other', '../x', 'tmp', ''] as TenantId[]) {
      assert.equal(await store.progress({ ...NAME, tenant }), null);
      assert.equal(await store.find({ ...NAME, tenant }), null);
      await store.remove({ ...NAME, tenant });
    }
    assert.equal((await store.progress(NAME))?.isComplete, true);
  });

  it('removes an upload, complete or not', async () => {
    await store.append(NAME, part(0, 10));
    await store.remove(NAME);
    assert.equal(await store.progress(NAME), null);
    await store.append(NAME, part(0, BYTES.length));
    await store.remove(NAME);
    assert.deepEqual(await files(), []);
  });

  it('removes what was left alone for long, and nothing else', async () => {
    const other = { ...NAME, tenant: 'other' as TenantId };
    await store.append(NAME, part(0, 10));
    await store.append(other, part(0, BYTES.length));
    const { place } = (await store.find(other)) ?? assert.fail('not found');
    await utimes(place ?? '', 1000, 1000);
    await store.removeOlder(2_000_000);
    assert.equal(await store.progress(other), null);
    assert.equal((await store.progress(NAME))?.offset, 10);
    await store.removeOlder(Date.now() + 60_000);
    assert.deepEqual(await files(), []);
  });

  it('reports a full disk, leaves nothing of the part, and goes on when there is space', (t) =>
    withSmallDisk(t, async (disk) => {
      const bytes = randomBytes(3_000_000);
      const name = { tenant: TENANT, hash: sha256Hex(bytes) };
      const small = await folderUploads(join(disk, 'uploads'));
      await small.append(name, part(0, 1_000_000, bytes));
      const ballast = await fillDisk(disk);
      await assert.rejects(small.append(name, part(1_000_000, bytes.length, bytes)), {
        code: 'storage_full',
      });
      await assert.rejects(small.receive(pieces(bytes)), { code: 'storage_full' });
      assert.deepEqual(await small.progress(name), { offset: 1_000_000, isComplete: false });
      assert.deepEqual(await readdir(join(disk, 'uploads', 'tmp')), []);
      await rm(ballast);
      assert.equal((await small.append(name, part(1_000_000, bytes.length, bytes))).isComplete, true);
    }));
});
