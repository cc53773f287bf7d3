import { setImmediate as turn } from 'node:timers/promises';
import type { BlobStore } from '../../core/documents/blob-store.ts';
import { attempt, requireHash } from './durable-files.ts';
import { packBlob, unpackBlob } from './packing.ts';

/** A blob as `packBlob` gives it. */
export interface SmallBlob {
  readonly hash: string;
  readonly packed: Uint8Array;
}

/** Blobs that share their writes with the catalog. All calls throw `storage_full` and `storage_failed`. */
export interface SmallBlobs {
  /** Stores several; what is there already stays. Durable with the next commit of the catalog. */
  put(blobs: readonly SmallBlob[]): Promise<void>;
  has(hash: string): Promise<boolean>;
  /** Packed; null when there is no such blob. */
  get(hash: string): Promise<Uint8Array | null>;
  delete(hash: string): Promise<void>;
}

/** Up to this size what a file of its own costs, two flushes of the disk, is more than what its bytes do. */
export const SMALL_BLOB_BYTES = 32 * 1024;

/** A blob store that keeps small blobs in one place and all others, and what was adopted, in another. */
export function smallFirst(small: SmallBlobs, large: BlobStore): BlobStore {
  const write = gathered(async (blobs) => small.put(blobs));
  return {
    async put(hash, bytes) {
      if (bytes.length > SMALL_BLOB_BYTES) return large.put(hash, bytes);
      requireHash(hash);
      return write({ hash, packed: Buffer.concat(await packBlob(bytes)) });
    },
    async adopt(hash, place) {
      if (place !== null || !(await small.has(hash))) await large.adopt(hash, place);
    },
    has: async (hash) => (await small.has(hash)) || large.has(hash),
    async get(hash) {
      const packed = await small.get(hash);
      return packed === null ? large.get(hash) : attempt(hash, async () => unpackBlob(packed));
    },
    async delete(hash) {
      // Looked for first: a disk that is full takes no write.
      if (await small.has(hash)) await small.delete(hash);
      await large.delete(hash);
    },
  };
}

/** Writes together what comes in one turn of the event loop. */
function gathered(write: (blobs: readonly SmallBlob[]) => Promise<void>): (blob: SmallBlob) => Promise<void> {
  let waiting: SmallBlob[] = [];
  let written: Promise<void> | null = null;
  const flush = async (): Promise<void> => {
    await turn();
    const blobs = waiting;
    waiting = [];
    written = null;
    await write(blobs);
  };
  return async (blob) => {
    waiting.push(blob);
    written ??= flush();
    return written;
  };
}
