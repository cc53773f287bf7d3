import type { SimulatedTime } from './simulated-time.ts';

export interface SimulatedServerOptions {
  readonly time: SimulatedTime;
  /** Calls that it works on at once; the others wait inside of it. May be changed. */
  readonly capacity: number;
  /** Milliseconds of one call. */
  readonly serviceMs: () => number;
}

/** A server that runs `capacity` calls at once and queues the others in order, without a limit. */
export class SimulatedServer {
  capacity: number;
  /** Calls that ended. */
  completed = 0;
  readonly #time: SimulatedTime;
  readonly #serviceMs: () => number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor({ time, capacity, serviceMs }: SimulatedServerOptions) {
    this.capacity = capacity;
    this.#time = time;
    this.#serviceMs = serviceMs;
  }

  /** Calls inside, waiting ones included. */
  get load(): number {
    return this.#running + this.#queue.length;
  }

  /** Resolves when the call has been worked on; a caller that gives up leaves the queue, but not the work. */
  readonly call = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      const finish = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#running--;
        this.completed++;
        resolve();
        this.#next();
      };
      const start = (): void => {
        if (signal.aborted) {
          this.#next();
        } else {
          this.#running++;
          this.#time.after(this.#serviceMs(), finish);
        }
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(start);
      this.#next();
    });

  #next(): void {
    if (this.#running < this.capacity) this.#queue.shift()?.();
  }
}
