/** Between those who have work and the one loop that does it. */
export interface Waker {
  /** There may be something to do: ends the sleep, or keeps the next one from beginning. */
  wake(): void;
  /** Forgets earlier calls of `wake`. The loop calls it before it looks for work, so that none is missed. */
  rearm(): void;
  /**
   * Resolves once it was woken since `rearm`, or when `until` does; at once, without calling `until`, when it was
   * already. The signal is aborted as soon as the sleep is over; `until` may reject then.
   */
  sleep(until?: (over: AbortSignal) => Promise<void>): Promise<void>;
}

export function createWaker(): Waker {
  let isAwake = false;
  let woken = Promise.withResolvers<void>();
  return {
    wake() {
      isAwake = true;
      woken.resolve();
    },
    rearm() {
      isAwake = false;
      woken = Promise.withResolvers();
    },
    async sleep(until) {
      if (isAwake) return;
      if (until === undefined) return woken.promise;
      const over = new AbortController();
      const other = until(over.signal).catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
      try {
        await Promise.race([woken.promise, other]);
      } finally {
        over.abort();
      }
    },
  };
}
