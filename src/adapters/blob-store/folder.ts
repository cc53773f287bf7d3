import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { BlobStore } from '../../core/documents/blob-store.ts';
import { HoldfastError } from '../../core/errors.ts';
import { isSha256Hex } from '../../lib/hash.ts';
import { codeOf } from '../../lib/system-error.ts';
import { attempt, makeFolder, requireHash, sizeOf, syncFolder, unlessMissing } from './durable-files.ts';
import { packBlob, unpackBlob } from './packing.ts';

/**
 * Blobs as files `ab/<hash>` below `folder`, which is made when it is missing. A file appears under its name
 * only when it is complete and on disk; what an interrupted write left in `tmp` is removed at the start, so
 * only one process may use the folder at a time.
 * @throws HoldfastError `storage_full`, `storage_failed`.
 */
export async function folderBlobStore(folder: string): Promise<BlobStore> {
  const temporaryFolder = join(folder, 'tmp');
  await attempt(folder, async () => {
    await rm(temporaryFolder, { recursive: true, force: true });
    await makeFolder(folder);
  });
  const fileOf = (hash: string): string => join(folder, hash.slice(0, 2), hash);
  const folders = new Map<string, Promise<void>>();
  const storing = new Map<string, Promise<void>>();
  const store = async (file: string, bytes: Uint8Array): Promise<void> => {
    const place = dirname(file);
    await shared(folders, place, () => makeFolder(place));
    if (await exists(file)) return;
    await writeFile(file, { temporary: join(temporaryFolder, randomUUID()), bytes });
  };
  const take = async (file: string, place: string): Promise<void> => {
    await shared(folders, dirname(file), () => makeFolder(dirname(file)));
    if (!(await exists(file)))
      await moveFile(place, { file, temporary: join(temporaryFolder, randomUUID()) });
    else await rm(place, { force: true });
  };

  return {
    async put(hash, bytes) {
      requireHash(hash);
      const file = fileOf(hash);
      await shared(storing, hash, () => attempt(file, () => store(file, bytes)));
      storing.delete(hash);
    },
    async adopt(hash, place) {
      requireHash(hash);
      const file = fileOf(hash);
      if (place !== null) await attempt(file, () => take(file, place));
      else if (!(await attempt(file, () => exists(file)))) throw notThere(hash);
    },
    has: async (hash) => isSha256Hex(hash) && attempt(fileOf(hash), () => exists(fileOf(hash))),
    async get(hash) {
      if (!isSha256Hex(hash)) return null;
      const file = fileOf(hash);
      const packed = await attempt(file, () => unlessMissing(readFile(file)));
      return packed === null ? null : attempt(file, () => unpackBlob(packed));
    },
    async delete(hash) {
      if (isSha256Hex(hash)) await attempt(fileOf(hash), () => rm(fileOf(hash), { force: true }));
    },
  };
}

function notThere(hash: string): HoldfastError {
  return new HoldfastError('upload_not_found', `the content ${hash} is not there any more`);
}

interface Move {
  readonly file: string;
  /** A free name on the file system of `file`. */
  readonly temporary: string;
}

/** What is at `place` is on a disk already. */
async function moveFile(place: string, { file, temporary }: Move): Promise<void> {
  try {
    await rename(place, file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw notThere(basename(file));
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyDurably(place, temporary);
    await rename(temporary, file);
    await rm(place, { force: true });
  }
  await syncFolder(dirname(file));
}

/** Leaves nothing when it fails. */
async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await copyFile(from, to);
    const handle = await open(to, 'r+');
    await handle.sync().finally(async () => handle.close());
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** Writes the bytes to `temporary`, durably, then gives them their name; leaves neither when it fails. */
async function writeFile(
  file: string,
  { temporary, bytes }: { readonly temporary: string; readonly bytes: Uint8Array },
): Promise<void> {
  await mkdir(dirname(temporary), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      for (const part of await packBlob(bytes)) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    for (const path of [temporary, file]) await rm(path, { force: true });
    throw error;
  }
}

/** Does the work once per key: whoever comes later gets the same outcome, until it fails. */
async function shared(
  running: Map<string, Promise<void>>,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  const outcome = running.get(key) ?? work();
  running.set(key, outcome);
  try {
    await outcome;
  } catch (error) {
    running.delete(key);
    throw error;
  }
}

/** An empty file is damage, not a blob: it is written again. */
async function exists(file: string): Promise<boolean> {
  return ((await sizeOf(file)) ?? 0) > 0;
}
