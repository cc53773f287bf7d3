/** Runs asynchronous work one at a time, in the order of the calls. */
export interface Mutex {
  /** Resolves or rejects as `work` does; a failure does not stop those that wait. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(work) {
      const result = last.then(work, work);
      last = result.catch(() => undefined);
      return result;
    },
  };
}
