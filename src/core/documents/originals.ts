import { createMutex, type Mutex } from '../../lib/mutex.ts';
import type { BlobStore } from './blob-store.ts';
import type { StagedContent } from './uploads.ts';

export interface Original {
  readonly hash: string;
  readonly bytes: Uint8Array | StagedContent;
}

/** Keeps an original from being deleted by one writer while another one is about to refer to it. */
export interface Originals {
  /**
   * Stores originals, durably, and keeps them until `work`, which lets something refer to them, is over. When that
   * rejects, those are deleted that nothing refers to. @throws as `BlobStore.put` and `BlobStore.adopt`.
   */
  hold<T>(originals: readonly Original[], work: () => Promise<T>): Promise<T>;
  /** Deletes an original once nothing refers to it and nobody holds it. */
  release(hash: string): Promise<void>;
}

export interface OriginalsDependencies {
  readonly blobs: Pick<BlobStore, 'put' | 'adopt' | 'delete'>;
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
  const store = async ({ hash, bytes }: Original): Promise<void> =>
    'place' in bytes ? blobs.adopt(hash, bytes.place) : blobs.put(hash, bytes);
  const release = async (hash: string): Promise<void> =>
    exclusively(hash, async () => {
      if (held.has(hash)) condemned.add(hash);
      else if (!(await isUsed(hash))) await blobs.delete(hash);
    });
  /** True when it is to be released. */
  const letGo = (hash: string): boolean => {
    const holders = (held.get(hash) ?? 1) - 1;
    if (holders > 0) held.set(hash, holders);
    else held.delete(hash);
    return holders === 0 && condemned.delete(hash);
  };
  return {
    async hold(originals, work) {
      for (const { hash } of originals) held.set(hash, (held.get(hash) ?? 0) + 1);
      try {
        await Promise.all(
          originals.map(async (original) => exclusively(original.hash, async () => store(original))),
        );
        return await work();
      } catch (error) {
        for (const { hash } of originals) condemned.add(hash);
        throw error;
      } finally {
        const left = originals.filter(({ hash }) => letGo(hash));
        for (const { hash } of left) await release(hash);
      }
    },
    release,
  };
}
