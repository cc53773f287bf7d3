import type { DatabaseSync } from 'node:sqlite';
import type { Catalog } from '../../core/documents/catalog.ts';
import type { JobQueue } from '../../core/ingest/job-queue.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SmallBlobs } from '../blob-store/small-first.ts';
import { checkpointsApart } from './sqlite/checkpoints.ts';
import { chunkCalls } from './sqlite/chunks.ts';
import { collectionCalls, collectionKey, type CollectionKey } from './sqlite/collections.ts';
import { changeApplying, commitCall } from './sqlite/commit.ts';
import { openDatabase, storageError, type DatabaseOptions } from './sqlite/database.ts';
import { documentCalls } from './sqlite/documents.ts';
import { encodingCalls, encodingSteps } from './sqlite/encodings.ts';
import { followCalls } from './sqlite/following.ts';
import { generationCalls, pinning } from './sqlite/generations.ts';
import { healthCall } from './sqlite/health.ts';
import { taskCancelling } from './sqlite/jobs/control.ts';
import { queueCalls } from './sqlite/jobs/queue.ts';
import { replayCalls, replaySteps, type ReplayPlace } from './sqlite/replay.ts';
import { sketchCalls } from './sqlite/sketches.ts';
import { smallBlobCalls } from './sqlite/small-blobs.ts';
import type { Synchronous } from './sqlite/synchronous.ts';

export interface SqliteCatalogOptions extends DatabaseOptions {
  readonly clock: Clock;
}

/** Documents and the work on them, in one file. */
export type SqliteCatalog = Catalog & JobQueue & { readonly smallBlobs: SmallBlobs };

/**
 * A catalog, with the queue of jobs, in one SQLite file. Calls work on the calling thread and are done when they return.
 * @throws HoldfastError `data_folder_too_new`, `storage_full`, `storage_failed`.
 */
export function sqliteCatalog(options: SqliteCatalogOptions): SqliteCatalog {
  const database = openDatabase(options);
  const { path, clock } = options;
  const checkpoints = checkpointsApart(database, path);
  const key = collectionKey(database);
  const pin = pinning(key);
  const now = (): number => clock.now();
  const apply = changeApplying(database, clock);
  const collections = collectionCalls(database, clock, key);
  const calls = {
    ...collections,
    ...generationCalls(database, { clock, key, getCollection: collections.getCollection }),
    ...followCalls(database, key),
    commit: commitCall(database, key, { apply, cancelTasks: taskCancelling(database, now) }),
    ...queueCalls(database, { key, now, apply }),
    ...documentCalls(database, key),
    ...chunkCalls(database, key),
    ...encodingCalls(database, key),
    ...replayCalls(database, key),
    ...sketchCalls(database, key),
    health: healthCall(database, clock, path),
  };
  return {
    ...asynchronous<Calls>(calls, path),
    pin: (scope) => attempt(path, () => pin(scope)),
    versionsSince: versionsSince(database, key, path),
    encodings: encodings(database, key, path),
    smallBlobs: asynchronous<SmallBlobs>(smallBlobCalls(database), path),
    async [Symbol.asyncDispose]() {
      await checkpoints[Symbol.asyncDispose]();
      if (database.isOpen) database.close();
    },
  };
}

type Calls = Omit<
  SqliteCatalog,
  'pin' | 'versionsSince' | 'encodings' | 'smallBlobs' | typeof Symbol.asyncDispose
>;

function asynchronous<Port extends object>(calls: Synchronous<Port>, path: string): Port {
  const entries = Object.entries<(...parameters: unknown[]) => unknown>(calls);
  const wrapped = entries.map(([name, call]) => [
    name,
    async (...parameters: unknown[]) => attempt(path, () => call(...parameters)),
  ]);
  return Object.fromEntries(wrapped) as Port;
}

function versionsSince(database: DatabaseSync, key: CollectionKey, path: string): Catalog['versionsSince'] {
  const readStep = replaySteps(database, path);
  return async function* versions(scope, sequence) {
    let place: ReplayPlace | null = { sequence, documentKey: Number.MAX_SAFE_INTEGER };
    while (place !== null) {
      const after: ReplayPlace = place;
      const step = attempt(path, () => readStep(key(scope), after));
      yield* step.versions;
      place = step.next;
    }
  };
}

function encodings(database: DatabaseSync, key: CollectionKey, path: string): Catalog['encodings'] {
  const readStep = encodingSteps(database, key);
  return async function* rows(scope, model) {
    let after: number | null = -1;
    while (after !== null) {
      const from: number = after;
      const step = attempt(path, () => readStep(scope, model, from));
      yield* step.rows;
      after = step.next;
    }
  };
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, path);
  }
}
