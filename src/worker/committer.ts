import type { Scope, VersionId } from '../core/documents/ids.ts';
import { HoldfastError } from '../core/errors.ts';
import type { JobQueue } from '../core/ingest/job-queue.ts';
import type { TaskWrite, WriteTasks } from '../core/ingest/write-items.ts';
import type { ChunkIndex } from '../core/retrieval/chunk-index.ts';
import type { Observe } from './observe.ts';

export interface CommitterDependencies {
  readonly writeTasks: WriteTasks;
  readonly queue: Pick<JobQueue, 'finish'>;
  readonly index: Pick<ChunkIndex, 'missing'>;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly observe: Observe;
}

/** Commits what was prepared, many tasks in one transaction where there are many. */
export interface Committer {
  /** Resolves once searches find it and the task has ended, or its lease was lost. */
  commit(scope: Scope, write: TaskWrite, options: { readonly isUrgent: boolean }): Promise<void>;
  /** Nothing more is on its way: what was collected goes now. */
  flush(): void;
}

/** More would hold up searches: a commit takes its time of the thread that serves them. */
const BATCH_TASKS = 32;
const BATCH_CHUNKS = 200;
/** So long a commit waits for others to join it. */
const LINGER_MS = 100;

interface Entry {
  readonly scope: Scope;
  readonly write: TaskWrite;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NEVER = new AbortController().signal;

export function createCommitter(dependencies: CommitterDependencies): Committer {
  let waiting: Entry[] = [];
  let isDue = false;
  let isRunning = false;

  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (waiting.length > 0 && (isDue || isFull(waiting))) {
      const size = sizeOfBatch(waiting);
      const batch = waiting.slice(0, size);
      waiting = waiting.slice(size);
      isDue &&= waiting.length > 0;
      for (const group of byScope(batch)) await commitGroup(group, dependencies);
    }
    isRunning = false;
    if (waiting.length > 0) linger();
  };
  const flush = (): void => {
    isDue = true;
    void run();
  };
  const linger = (): void => {
    dependencies.wait(LINGER_MS, NEVER).then(flush, (error: unknown) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    });
  };
  return {
    flush,
    commit: async (scope, write, { isUrgent }) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ scope, write, resolve, reject });
        if (isUrgent) flush();
        else if (isFull(waiting)) void run();
        else if (waiting.length === 1) linger();
      }),
  };
}

function isFull(entries: readonly Entry[]): boolean {
  return entries.length >= BATCH_TASKS || chunksOf(entries) >= BATCH_CHUNKS;
}

function chunksOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { write }) => sum + write.chunks, 0);
}

/** How many of the entries go first: no more than make it full. */
function sizeOfBatch(entries: readonly Entry[]): number {
  let chunks = 0;
  let size = 0;
  for (const { write } of entries.slice(0, BATCH_TASKS)) {
    if (chunks >= BATCH_CHUNKS) break;
    chunks += write.chunks;
    size++;
  }
  return size;
}

function byScope(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  return [...Map.groupBy(entries, ({ scope }) => JSON.stringify([scope.tenant, scope.collection])).values()];
}

/** A batch that cannot be written is tried one by one, so that one task costs no other one. */
async function commitGroup(entries: readonly Entry[], dependencies: CommitterDependencies): Promise<void> {
  const [first] = entries;
  if (first === undefined) return;
  try {
    await write(first.scope, entries, dependencies);
    for (const { resolve } of entries) resolve();
  } catch (error) {
    if (entries.length === 1) first.reject(error);
    else for (const entry of entries) await commitGroup([entry], dependencies);
  }
}

async function write(
  scope: Scope,
  entries: readonly Entry[],
  { writeTasks, queue, index, observe }: CommitterDependencies,
): Promise<void> {
  observe('commit', 'before');
  const { lost, added } = await writeTasks(
    scope,
    entries.map((entry) => entry.write),
  );
  observe('commit', 'after');
  await requireFound(scope, added, index);
  observe('index', 'after');
  await queue.finish(entries.flatMap(({ write: { lease } }) => (lost.has(lease.task) ? [] : lease)));
  observe('finish', 'after');
}

/** `ready` is a promise about searches, so it is the serving index that is asked. */
export async function requireFound(
  scope: Scope,
  versions: readonly VersionId[],
  index: Pick<ChunkIndex, 'missing'>,
): Promise<void> {
  const missing = await index.missing(scope, versions);
  if (missing.length === 0) return;
  throw new HoldfastError(
    'storage_failed',
    `the index of collection "${scope.collection}" lacks ${missing.length} committed versions, among them ${missing[0]}`,
  );
}
