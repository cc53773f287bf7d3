import { untilAborted } from '../lib/until-aborted.ts';

/** Work for one key, shared by all that ask for it while it runs. */
export interface SingleFlight<Value> {
  /**
   * The value of the work that runs for `key`, started if none does. The work's signal aborts when all that wait
   * have given up; a failure reaches all of them and is not kept.
   * @throws what the work throws, or the reason of `signal` as soon as that aborts.
   */
  run(key: string, work: (signal: AbortSignal) => Promise<Value>, signal: AbortSignal): Promise<Value>;
  /** Keys that are being worked on. */
  readonly size: number;
}

interface Flight<Value> {
  readonly result: Promise<Value>;
  readonly controller: AbortController;
  waiting: number;
}

/** Source: golang.org/x/sync/singleflight, with cancellation. */
export function createSingleFlight<Value>(): SingleFlight<Value> {
  const flights = new Map<string, Flight<Value>>();

  function start(key: string, work: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const controller = new AbortController();
    const run = async (): Promise<Value> => {
      try {
        return await work(controller.signal);
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    };
    // Started a microtask later, so that the flight exists when the work looks at it.
    const result = Promise.resolve().then(run);
    const flight: Flight<Value> = { result, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  }

  function abandon(key: string, flight: Flight<Value>, reason: unknown): void {
    if (flights.get(key) === flight) flights.delete(key);
    flight.controller.abort(reason);
  }

  return {
    get size() {
      return flights.size;
    },
    async run(key, work, signal) {
      signal.throwIfAborted();
      const flight = flights.get(key) ?? start(key, work);
      flight.waiting++;
      try {
        return await untilAborted(signal, flight.result);
      } finally {
        flight.waiting--;
        if (flight.waiting === 0 && signal.aborted) abandon(key, flight, signal.reason);
      }
    },
  };
}
