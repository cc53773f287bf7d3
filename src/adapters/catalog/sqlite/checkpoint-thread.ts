import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { letAnswersGoFirst } from '../../../lib/thread-priority.ts';

/** What the thread is told. */
export type CheckpointRequest = 'checkpoint' | 'stop';
/** What it has done: pages in the log, and those of them that are not written back yet. */
export interface CheckpointResponse {
  readonly pages: number;
  readonly left: number;
}

/** What is written meanwhile is written back by the next round; each has less to do than the one before. */
const ROUNDS = 8;
const FEW_PAGES = 64;

letAnswersGoFirst();

const { path } = workerData as { readonly path: string };
const database = new DatabaseSync(path);
database.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256; PRAGMA mmap_size = 0;');
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
checkpoint.setReturnArrays(true);

/** Waits for nobody and holds up nobody. */
function writeBack(): CheckpointResponse {
  let last: CheckpointResponse = { pages: 0, left: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const [, pages = 0, done = 0] = checkpoint.get() as unknown as readonly number[];
    last = { pages, left: pages - done };
    if (last.left <= FEW_PAGES) break;
  }
  return last;
}

function answered(): CheckpointResponse {
  try {
    return writeBack();
  } catch {
    // As with SQLite's own: the log keeps everything, and the next checkpoint tries again.
    return { pages: 0, left: 0 };
  }
}

parentPort?.on('message', (request: CheckpointRequest) => {
  if (request === 'checkpoint') {
    parentPort?.postMessage(answered());
    return;
  }
  database.close();
  parentPort?.close();
});
