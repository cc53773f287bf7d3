import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { CheckpointRequest, CheckpointResponse } from './checkpoint-thread.ts';
import { query, INLINE_CHECKPOINT_PAGES } from './database.ts';

/** Writes the log of a database back into its file. */
export interface Checkpoints extends AsyncDisposable {
  /** Resolves when the log was written back, as far as readers let it. */
  run(): Promise<void>;
}

const SCRIPT = new URL('checkpoint-thread.ts', import.meta.url);
/** So often, while something is written. */
const EVERY_MS = 1000;
/** A log that has never been longer needs no thread. Its file does not become shorter when it starts anew. */
const LONG_LOG_BYTES = 8 * 2 ** 20;
/** With a thread a commit writes back only when the log has become so long all the same: 256 MiB. */
const PAGES_BESIDE_THREAD = 4 * INLINE_CHECKPOINT_PAGES;
/** So few a commit writes back in a few milliseconds. */
const LAST_PAGES = 256;
const HEAP_MEGABYTES = 16;

/**
 * Checkpoints on a thread with a connection of its own, for they take a tenth of a second and wait for the disk. The
 * thread starts when there is something to do. When it cannot, or has ended, commits write back as they always did.
 */
export function checkpointsApart(database: DatabaseSync, path: string): Checkpoints {
  const changes = query<readonly [number]>(database, 'SELECT total_changes()');
  const changed = (): number => changes.get()?.[0] ?? 0;
  const setPages = (pages: number): void => {
    if (database.isOpen) database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  };
  let seen = changed();
  let thread: CheckpointThread | null = null;
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    thread ??= startThread(path, () => setPages(INLINE_CHECKPOINT_PAGES));
    if (thread.hasEnded()) return;
    setPages(PAGES_BESIDE_THREAD);
    const { pages, left } = await thread.run();
    // A log starts anew once all of it is written back, which takes a moment without a write: the next commit is one.
    if (pages >= INLINE_CHECKPOINT_PAGES && left <= LAST_PAGES) setPages(INLINE_CHECKPOINT_PAGES);
  };
  const timer = setInterval(() => {
    const now = changed();
    if (now === seen || running !== null || logBytes(path) < LONG_LOG_BYTES) return;
    seen = now;
    running = run().finally(() => (running = null));
  }, EVERY_MS);
  timer.unref();
  return {
    run,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await thread?.stop();
    },
  };
}

/** 0 also when the disk does not say: then commits, which tell their callers, write the log back. */
function logBytes(path: string): number {
  try {
    return statSync(`${path}-wal`).size;
  } catch {
    return 0;
  }
}

interface CheckpointThread {
  /** Resolves also when the thread ends instead. */
  run(): Promise<CheckpointResponse>;
  stop(): Promise<void>;
  hasEnded(): boolean;
}

const NOTHING: CheckpointResponse = { pages: 0, left: 0 };

function startThread(path: string, onEnd: () => void): CheckpointThread {
  const worker = new Worker(SCRIPT, {
    workerData: { path },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  const ended = Promise.withResolvers<CheckpointResponse>();
  let hasEnded = false;
  // Its end follows, which says enough.
  worker.once('error', () => undefined);
  worker.once('exit', () => {
    hasEnded = true;
    onEnd();
    ended.resolve(NOTHING);
  });
  const send = (request: CheckpointRequest): void => worker.postMessage(request);
  return {
    async run() {
      const done = new Promise<CheckpointResponse>((resolve) => worker.once('message', resolve));
      send('checkpoint');
      return Promise.race([done, ended.promise]);
    },
    async stop() {
      worker.ref();
      send('stop');
      await ended.promise;
    },
    hasEnded: () => hasEnded,
  };
}
