import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeSnapshot, encodeSnapshot, type SnapshotInfo } from '../../engine/snapshot.ts';
import type { StoredPartition } from '../../engine/partition.ts';

/** Writes a snapshot so that a crash leaves the old one or the new one. */
export async function writeSnapshot(
  path: string,
  info: SnapshotInfo,
  partition: StoredPartition,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w');
  try {
    for (const piece of encodeSnapshot(info, partition)) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** The snapshot, or null when there is none. @throws Error with the reason when it is damaged. */
export async function readSnapshot(
  path: string,
): Promise<{ info: SnapshotInfo; partition: StoredPartition } | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  // A copy only when the buffer is a slice of Node's pool: typed arrays need alignment.
  const isOwn = bytes.byteOffset === 0 && bytes.buffer instanceof ArrayBuffer;
  return decodeSnapshot(
    isOwn ? new Uint8Array(bytes.buffer as ArrayBuffer, 0, bytes.length) : new Uint8Array(bytes),
  );
}

export async function removeSnapshot(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.tmp`, { force: true });
}
