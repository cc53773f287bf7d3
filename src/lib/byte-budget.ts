import { untilAborted } from './until-aborted.ts';

/** Memory that work shares. */
export interface ByteBudget {
  /** Whether `take` would resolve at once. */
  hasRoom(bytes: number): boolean;
  /**
   * Resolves once the bytes fit beside what others have taken, in the order of the calls; disposing the result gives
   * them back. More than there is in all counts as all of it. Rejects with the signal's reason when that is aborted.
   */
  take(bytes: number, signal: AbortSignal): Promise<Disposable>;
}

export function createByteBudget(totalBytes: number): ByteBudget {
  let free = totalBytes;
  const waiting: { readonly bytes: number; readonly admit: () => void }[] = [];
  const admit = (): void => {
    for (let next = waiting[0]; next !== undefined && next.bytes <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.bytes;
      next.admit();
    }
  };
  const release = (bytes: number): void => {
    free += bytes;
    admit();
  };
  return {
    hasRoom: (bytes) => waiting.length === 0 && Math.min(bytes, totalBytes) <= free,
    async take(wanted, signal) {
      const bytes = Math.min(wanted, totalBytes);
      const admitted = Promise.withResolvers<void>();
      const entry = { bytes, admit: admitted.resolve };
      waiting.push(entry);
      admit();
      try {
        await untilAborted(signal, admitted.promise);
      } catch (error) {
        const place = waiting.indexOf(entry);
        if (place >= 0) waiting.splice(place, 1);
        release(place >= 0 ? 0 : bytes);
        throw error;
      }
      return { [Symbol.dispose]: () => release(bytes) };
    },
  };
}
