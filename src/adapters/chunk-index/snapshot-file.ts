import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeSnapshot, encodingSnapshot, type SnapshotInfo } from '../../engine/snapshot.ts';
import type { StoredPartition } from '../../engine/partition.ts';
import type { TimeSlices } from '../../lib/time-slices.ts';

export interface Snapshot {
  readonly info: SnapshotInfo;
  readonly partition: StoredPartition;
}

/**
 * Writes a snapshot so that a crash leaves the old one or the new one; a failure leaves the old one. Works in slices,
 * in which the partition must not change.
 */
export async function writeSnapshot(
  path: string,
  { info, partition }: Snapshot,
  slices: Pick<TimeSlices, 'run'>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  try {
    await writeDurably(temporary, await slices.run(encodingSnapshot(info, partition)));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeDurably(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await using file = await open(path, 'w');
  for (const piece of pieces) await file.writeFile(piece);
  await file.sync();
}

/** The snapshot, or null when there is none. @throws Error with the reason when it is damaged. */
export async function readSnapshot(path: string): Promise<Snapshot | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = await file.stat();
    return await decodeSnapshot(async (position, bytes) =>
      readAt(file, position, Math.max(0, Math.min(bytes, size - position))),
    );
  } finally {
    await file.close();
  }
}

/** One read takes less than 2 GiB. */
const MAX_READ = 2 ** 30;

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const length = Math.min(MAX_READ, bytes - done);
    const { bytesRead } = await file.read(buffer, { offset: done, length, position: position + done });
    if (bytesRead === 0) return buffer.slice(0, done);
    done += bytesRead;
  }
  return buffer;
}

export async function removeSnapshot(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.tmp`, { force: true });
}
