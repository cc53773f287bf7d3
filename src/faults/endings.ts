import type { ConnectionToxic } from './toxics.ts';

/** The times at which toxics end a connection by themselves, even when nobody speaks. */
export interface Endings {
  /** The toxics that work on the connection now; those that were not there before start their time. */
  set(toxics: readonly ConnectionToxic[]): void;
}

export function createEndings(close: (isReset: boolean) => void): Endings {
  const timers = new Map<ConnectionToxic, NodeJS.Timeout>();
  return {
    set(toxics) {
      for (const [toxic, timer] of timers) if (!toxics.includes(toxic)) clearTimeout(timer);
      for (const toxic of toxics) {
        const end = endingOf(toxic);
        if (end === null || timers.has(toxic)) continue;
        if (end.afterMs === 0) queueMicrotask(() => close(end.isReset));
        else timers.set(toxic, setTimeout(close, end.afterMs, end.isReset));
      }
    },
  };
}

/** When a toxic ends a connection by itself, counted from the moment when both are there. */
function endingOf(toxic: ConnectionToxic): { readonly afterMs: number; readonly isReset: boolean } | null {
  if (toxic.type === 'reset_peer') return { afterMs: toxic.afterMs ?? 0, isReset: true };
  if (toxic.type === 'down') return { afterMs: 0, isReset: toxic.mode !== 'close' };
  if (toxic.type !== 'timeout' || (toxic.timeoutMs ?? 0) === 0) return null;
  return { afterMs: toxic.timeoutMs ?? 0, isReset: false };
}
