import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobStore } from '../../core/documents/blob-store.ts';
import { HoldfastError } from '../../core/errors.ts';
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

  return {
    async put(hash, bytes) {
      if (!isHash(hash)) throw new HoldfastError('internal_error', `"${hash}" is not a SHA-256 in hex.`);
      const file = fileOf(hash);
      await shared(storing, hash, () => attempt(file, () => store(file, bytes)));
      storing.delete(hash);
    },
    async get(hash) {
      if (!isHash(hash)) return null;
      const file = fileOf(hash);
      const packed = await attempt(file, () => unlessMissing(readFile(file)));
      return packed === null ? null : attempt(file, () => unpackBlob(packed));
    },
    async delete(hash) {
      if (isHash(hash)) await attempt(fileOf(hash), () => rm(fileOf(hash), { force: true }));
    },
  };
}

function isHash(hash: string): boolean {
  return /^[0-9a-f]{64}$/.test(hash);
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
      await handle.writeFile(await packBlob(bytes));
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

/** Makes a folder, and all names that are in it, durable: whoever wrote them may have been killed. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(first ?? folder));
  await syncFolder(folder);
}

/** Makes the names in a folder durable. Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An empty file is damage, not a blob: it is written again. */
async function exists(file: string): Promise<boolean> {
  const found = await unlessMissing(stat(file));
  return found !== null && found.size > 0;
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isFull = ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
    const text = error instanceof Error ? error.message : String(error);
    throw isFull
      ? new HoldfastError('storage_full', `No space left to write ${path}: ${text}`, { cause: error })
      : new HoldfastError('storage_failed', `Cannot use ${path}: ${text}`, { cause: error });
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}
