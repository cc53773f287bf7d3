import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../core/errors.ts';

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

/** @throws HoldfastError what `work` throws as such; every other error as `storage_full` or `storage_failed`. */
export async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const isFull = ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
    const text = error instanceof Error ? error.message : String(error);
    throw isFull
      ? new HoldfastError('storage_full', `No space left to write ${path}: ${text}`, { cause: error })
      : new HoldfastError('storage_failed', `Cannot use ${path}: ${text}`, { cause: error });
  }
}

/** Of an error of the system: `ENOENT` and so on. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}
