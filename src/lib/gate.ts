/** Lets work in until it is closed. Disposing it aborts what is inside and waits until that has left. */
export interface Gate extends AsyncDisposable {
  /** Rejects with the reason once the gate is closed. The signal aborts when it closes, or with `outer`. */
  run<T>(outer: AbortSignal | null, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export function createGate(reason: () => Error): Gate {
  const closing = new AbortController();
  const inside = new Set<Promise<unknown>>();
  return {
    async run(outer, work) {
      closing.signal.throwIfAborted();
      const signal = outer === null ? closing.signal : AbortSignal.any([outer, closing.signal]);
      const running = work(signal);
      const left = running.catch(() => undefined);
      inside.add(left);
      try {
        return await running;
      } finally {
        inside.delete(left);
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(reason());
      while (inside.size > 0) await Promise.all(inside);
    },
  };
}
