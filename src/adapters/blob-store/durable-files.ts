import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../core/errors.ts';
import { isSha256Hex } from '../../lib/hash.ts';
import { codeOf, isDiskFull } from '../../lib/system-error.ts';

/** Makes a folder, and all names that are in it, durable: whoever wrote them may have been killed. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(first ?? folder));
  await syncFolder(folder);
}

/** Makes the names in a folder durable. Windows knows no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Null when there is no such file. */
export async function sizeOf(file: string): Promise<number | null> {
  return (await unlessMissing(stat(file)))?.size ?? null;
}

/** Null instead of the error that something is not there. */
export async function unlessMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Files are named by the content. @throws HoldfastError `internal_error` for what is no SHA-256. */
export function requireHash(hash: string): void {
  if (!isSha256Hex(hash)) throw new HoldfastError('internal_error', `"${hash}" is not a SHA-256 in hex.`);
}

/** @throws HoldfastError what `work` throws as such; every other error as `storage_full` or `storage_failed`. */
export async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw isDiskFull(error)
      ? new HoldfastError('storage_full', `No space left to write ${path}: ${text}`, { cause: error })
      : new HoldfastError('storage_failed', `Cannot use ${path}: ${text}`, { cause: error });
  }
}
