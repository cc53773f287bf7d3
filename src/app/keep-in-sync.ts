import { watchFolder } from '../adapters/source/watch-folder.ts';

export interface KeepInSyncOptions {
  /** A folder, as an absolute real path. */
  readonly folder: string;
  /** Absolute real paths that are not watched, such as the data folder. */
  readonly excluded: readonly string[];
  /** Everything is looked at so often, in case a change was missed. */
  readonly scanMs: number;
  /** Takes changed parts in; the whole folder when `paths` is null. */
  readonly sync: (paths: readonly string[] | null, signal: AbortSignal) => Promise<void>;
  /** A sync has failed; the next one comes all the same. */
  readonly onFailure: (error: unknown) => void;
  /** From now on changes are found by looking at everything only. */
  readonly onBlind: (error: Error) => void;
}

/** Syncs that may be under way at the same time; further changes gather meanwhile. */
const MAX_RUNNING = 4;

/** Takes a folder in and every change of it from then on, until it is disposed. */
export function keepInSync(options: KeepInSyncOptions): AsyncDisposable {
  const { folder, excluded, scanMs, onBlind } = options;
  const stop = new AbortController();
  const changes = createChanges();
  const watch = watchFolder({
    root: folder,
    excluded,
    onChanges: (paths) => changes.add(paths.includes(folder) ? null : paths),
    onProblem: onBlind,
  });
  // What is there is taken in once nothing that changes can be missed any more.
  void watch.ready.then(() => changes.add(null));
  const scans = setInterval(() => changes.add(null), scanMs);
  const over = run(options, changes, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(scans);
      watch[Symbol.dispose]();
      stop.abort();
      changes.add([]);
      await over;
    },
  };
}

interface Changes {
  /** Null: everything may have changed. */
  add(paths: readonly string[] | null): void;
  /** What has gathered, once there is something. */
  next(): Promise<readonly string[] | null>;
}

function createChanges(): Changes {
  let paths = new Set<string>();
  let isWhole = false;
  let wake = Promise.withResolvers<void>();
  return {
    add(more) {
      if (more === null) isWhole = true;
      else for (const path of more) paths.add(path);
      wake.resolve();
    },
    async next() {
      await wake.promise;
      wake = Promise.withResolvers();
      const taken = isWhole ? null : [...paths];
      paths = new Set();
      isWhole = false;
      return taken;
    },
  };
}

async function run(
  { sync, onFailure }: KeepInSyncOptions,
  changes: Changes,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  for (;;) {
    const paths = await changes.next();
    if (signal.aborted) break;
    if (paths?.length === 0) continue;
    const going: Promise<void> = sync(paths, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) onFailure(error);
      })
      .finally(() => running.delete(going));
    running.add(going);
    if (running.size >= MAX_RUNNING) await Promise.race(running);
  }
  await Promise.all(running);
}
