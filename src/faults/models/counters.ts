import type { CallKind } from './knobs.ts';

/** What happened to a stand-in so far. */
export interface Counts {
  readonly calls: Readonly<Record<CallKind, number>>;
  /** Calls that have neither been answered nor given up. */
  readonly inFlight: number;
  /** The highest number of calls in flight at once. */
  readonly mostInFlight: number;
  /** Calls whose client went away before the answer was complete. */
  readonly aborted: number;
  /** Calls that a fault was injected into. */
  readonly injected: number;
  /** Times that a model was loaded. */
  readonly loads: number;
  /** Tokens of chats that were written. */
  readonly tokens: number;
}

/** Counts, and lets a test wait until they say something. */
export interface Counters {
  read(): Counts;
  called(kind: CallKind): void;
  ended(isAborted: boolean): void;
  add(name: 'injected' | 'loads' | 'tokens'): void;
  /** Back to zero; calls in flight stay counted. */
  reset(): void;
  /** Resolves as soon as the counts fulfil the condition. Rejects when the signal is aborted. */
  until(condition: (counts: Counts) => boolean, signal: AbortSignal): Promise<void>;
}

const NONE: Readonly<Record<CallKind, number>> = { embed: 0, chat: 0, rerank: 0, models: 0 };

export function createCounters(): Counters {
  let counts = zero(0);
  const waiting = new Set<() => void>();
  const change = (next: Partial<Counts>): void => {
    counts = { ...counts, ...next };
    for (const look of waiting) look();
  };
  return {
    read: () => counts,
    called(kind) {
      const inFlight = counts.inFlight + 1;
      change({
        calls: { ...counts.calls, [kind]: counts.calls[kind] + 1 },
        inFlight,
        mostInFlight: Math.max(inFlight, counts.mostInFlight),
      });
    },
    ended: (isAborted) =>
      change({ inFlight: counts.inFlight - 1, aborted: counts.aborted + (isAborted ? 1 : 0) }),
    add: (name) => change({ [name]: counts[name] + 1 }),
    reset: () => change(zero(counts.inFlight)),
    async until(condition, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (condition(counts)) resolve();
      };
      const stop = (): void => reject(signal.reason as Error);
      waiting.add(look);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      look();
      try {
        await promise;
      } finally {
        waiting.delete(look);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

function zero(inFlight: number): Counts {
  return { calls: NONE, inFlight, mostInFlight: inFlight, aborted: 0, injected: 0, loads: 0, tokens: 0 };
}
