import { setTimeout as delay } from 'node:timers/promises';

/** What `/health` said of a breaker, at milliseconds of `performance.now()`. */
export interface SeenState {
  readonly atMs: number;
  readonly isOpen: boolean;
  /** Seconds until the breaker tries again; 0 when it does not say. */
  readonly nextTrySeconds: number;
}

/** Looks at a breaker again and again until it is disposed. */
export interface BreakerWatch extends AsyncDisposable {
  readonly seen: readonly SeenState[];
}

const EVERY_MS = 100;

interface WireHealth {
  readonly dependencies: readonly {
    readonly name: string;
    readonly state: string;
    readonly detail: string | null;
  }[];
}

export function watchBreaker(address: string, name: string): BreakerWatch {
  const seen: SeenState[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      seen.push(await look(address, name));
      await delay(EVERY_MS);
    }
  })();
  // Fails where it is awaited.
  watching.catch(() => undefined);
  return {
    seen,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}

async function look(address: string, name: string): Promise<SeenState> {
  const response = await fetch(`${address}/health`);
  const { dependencies } = (await response.json()) as WireHealth;
  // A model may have the same name.
  const breaker = dependencies.find(
    (dependency) => dependency.name === name && dependency.detail?.startsWith('breaker '),
  );
  if (breaker === undefined) throw new Error(`/health shows no breaker "${name}"`);
  const next = /next try in (\d+) s/.exec(breaker.detail ?? '')?.[1];
  return { atMs: performance.now(), isOpen: breaker.state !== 'up', nextTrySeconds: Number(next ?? 0) };
}
