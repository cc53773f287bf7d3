import { createMutex, type Mutex } from '../../lib/mutex.ts';
import type { BlobStore } from './blob-store.ts';

export interface Original {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** Keeps an original from being deleted by one writer while another one is about to refer to it. */
export interface Originals {
  /** Stores originals, durably, and keeps them until `work`, which lets something refer to them, is over. */
  hold<T>(originals: readonly Original[], work: () => Promise<T>): Promise<T>;
  /** Deletes an original once nothing refers to it and nobody holds it. */
  release(hash: string): Promise<void>;
}

export interface OriginalsDependencies {
  readonly blobs: Pick<BlobStore, 'put' | 'delete'>;
  readonly isUsed: (hash: string) => Promise<boolean>;
}

export function createOriginals({ blobs, isUsed }: OriginalsDependencies): Originals {
  const turns = new Map<string, { readonly mutex: Mutex; users: number }>();
  const held = new Map<string, number>();
  const condemned = new Set<string>();

  const exclusively = async <T>(hash: string, work: () => Promise<T>): Promise<T> => {
    const turn = turns.get(hash) ?? { mutex: createMutex(), users: 0 };
    turns.set(hash, turn);
    turn.users++;
    try {
      return await turn.mutex.run(work);
    } finally {
      if (--turn.users === 0) turns.delete(hash);
    }
  };
  const release = async (hash: string): Promise<void> =>
    exclusively(hash, async () => {
      if (held.has(hash)) condemned.add(hash);
      else if (!(await isUsed(hash))) await blobs.delete(hash);
    });
  const letGo = async (hash: string): Promise<void> => {
    const holders = (held.get(hash) ?? 1) - 1;
    if (holders > 0) held.set(hash, holders);
    else held.delete(hash);
    if (holders === 0 && condemned.delete(hash)) await release(hash);
  };
  return {
    async hold(originals, work) {
      for (const { hash } of originals) held.set(hash, (held.get(hash) ?? 0) + 1);
      try {
        await Promise.all(
          originals.map(async ({ hash, bytes }) => exclusively(hash, async () => blobs.put(hash, bytes))),
        );
        return await work();
      } finally {
        for (const { hash } of originals) await letGo(hash);
      }
    },
    release,
  };
}
