/** Wakes those who wait for something to change; what they find then they read for themselves. */
export interface Bell {
  ring(): void;
  /** Resolves with the next ring, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let waiting = Promise.withResolvers<void>();
  return {
    ring() {
      waiting.resolve();
      waiting = Promise.withResolvers();
    },
    async next(signal) {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = (): void => resolve();
      signal.addEventListener('abort', stop, { once: true });
      await Promise.race([waiting.promise, promise]);
      signal.removeEventListener('abort', stop);
    },
  };
}
