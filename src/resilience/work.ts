/**
 * A call to a dependency. It must stop, and close its connection, when `signal` aborts. `attempt` counts the calls
 * of one execution from 0, retries and hedges alike, so that a later one can go to another replica.
 */
export type Work<T> = (signal: AbortSignal, attempt: number) => Promise<T>;

/** Anything that runs work under a rule. */
export interface Executor {
  /** Settles as the work does, or rejects with a ResilienceError or the reason of `signal`. */
  execute<T>(work: Work<T>, signal: AbortSignal): Promise<T>;
}
