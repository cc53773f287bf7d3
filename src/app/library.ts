import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { createCollections } from '../core/documents/create-collections.ts';
import { createDocuments } from '../core/documents/create-documents.ts';
import { createFindDuplicates } from '../core/documents/create-find-duplicates.ts';
import type { DocumentId, Scope } from '../core/documents/ids.ts';
import type { Collections, Documents, Ingest, IngestFolder, Jobs } from '../core/documents/library.ts';
import { createOriginals } from '../core/documents/originals.ts';
import { createUploads } from '../core/documents/create-uploads.ts';
import type { Uploads } from '../core/documents/uploads.ts';
import type { Reindexing } from '../core/documents/reindexing.ts';
import { HoldfastError } from '../core/errors.ts';
import { createBell } from '../core/ingest/bell.ts';
import { createConform } from '../core/ingest/conform.ts';
import { createIngest, createIngestFolder } from '../core/ingest/create-ingest.ts';
import { createJobs } from '../core/ingest/create-jobs.ts';
import { AS_THE_SERVICE } from '../core/ingest/recipe.ts';
import type { JobId } from '../core/ingest/job.ts';
import { createAccept, createSettled, createSubmit } from '../core/ingest/submit.ts';
import { createWriteItems, createWriteTasks } from '../core/ingest/write-items.ts';
import { systemClock } from '../lib/clock.ts';
import { createGate, type Gate } from '../lib/gate.ts';
import { createMutex } from '../lib/mutex.ts';
import type { Worker } from '../worker/worker.ts';
import { forgetUploads } from './forget-uploads.ts';
import { openGenerations } from './generations.ts';
import type { LibraryParts, LibraryTools } from './library-tools.ts';
import { withRoots } from './ingest-roots.ts';
import { openWorker } from './open-worker.ts';
import { MODEL_FOLDER } from './package-folders.ts';
import { keepsStaticVectors } from './static-vectors.ts';
import { wait } from '../lib/wait.ts';
import { preparePool, type PreparePool } from './prepare-pool.ts';
import { openSources } from './sources.ts';

/** What takes documents in and hands them out. */
export interface Library {
  readonly collections: Collections;
  readonly documents: Documents;
  /** Starts an ingest of folders and waits for its end. */
  readonly ingest: IngestFolder;
  readonly ingestion: Ingest;
  readonly jobs: Jobs;
  readonly reindexing: Reindexing;
  readonly uploads: Uploads;
}

const PREPARE_TIMEOUT_MS = 120_000;
const PREPARE_HEAP_MB = 1024;

/** Wires collections, documents, folders and jobs, and starts the worker. */
export async function openLibrary(parts: LibraryParts): Promise<Library> {
  const { config, catalog, blobs, index, stack, running } = parts;
  const mutex = createMutex();
  // A write that was begun ends before the catalog closes and another process may have the folder.
  stack.defer(async () => mutex.run(async () => undefined));
  const originals = createOriginals({ blobs, isUsed: async (hash) => catalog.isContentUsed(hash) });
  const pool = stack.use(openPool(config, keepsStaticVectors(config, running)));
  const { restore } = pool;
  const generations = openGenerations({
    ...parts,
    blobs: { ...blobs, delete: async (hash) => originals.release(hash) },
    restore,
    mutex,
  });
  const conform = createConform({ recipeOf: parts.recipeOf, restore });
  const writing = { catalog, originals, index, mutex, conform };
  const write = generations.after(createWriteItems(writing));
  const writeTasks = generations.after(createWriteTasks(writing));
  const tools: LibraryTools = {
    ...parts,
    observe: parts.models.observe ?? (() => undefined),
    pool,
    originals,
    mutex,
    bell: createBell(),
    sources: await openSources({ config, stack, wait }),
    writeItems: running?.after(write) ?? write,
    wait,
  };
  const worker = stack.use(await openWorker(tools, running?.after(writeTasks) ?? writeTasks));
  const gate = stack.use(
    createGate(
      () =>
        new HoldfastError('shutting_down', 'the service is being stopped; what was accepted goes on later'),
    ),
  );
  stack.use(forgetUploads(parts.uploadStore, parts.logger));
  const uploads = createUploads({ store: parts.uploadStore, queue: catalog, blobs, limits: config });
  return { ...gated(useCases(tools, worker), gate), reindexing: generations.reindexing, uploads };
}

/** What waits for work is told when the service closes, before the catalog does. */
function gated(
  library: Omit<Library, 'reindexing' | 'uploads'>,
  gate: Gate,
): Omit<Library, 'reindexing' | 'uploads'> {
  const { documents, ingestion } = library;
  const accept: Documents['accept'] = async (scope, submissions) =>
    gate.run(null, async () => documents.accept(scope, submissions));
  const settled: Documents['settled'] = async (scope, submitted, signal) =>
    gate.run(signal, async (either) => documents.settled(scope, submitted, either));
  const guarded: Ingest = {
    start: async (request) => gate.run(null, async () => ingestion.start(request)),
    finished: async (job, onProgress, signal) =>
      gate.run(signal, async (either) => ingestion.finished(job, onProgress, either)),
    plan: async (request, signal) => gate.run(signal, async (either) => ingestion.plan(request, either)),
  };
  return {
    ...library,
    documents: { ...documents, accept, settled, submit: createSubmit(accept, settled) },
    ingestion: guarded,
    ingest: createIngestFolder(guarded),
  };
}

function useCases(tools: LibraryTools, worker: Worker): Omit<Library, 'reindexing' | 'uploads'> {
  const { catalog, index, originals, mutex, recipeOf, config, observe, bell } = tools;
  const { generation } = recipeOf(AS_THE_SERVICE);
  const wake = (): void => {
    observe('accept', 'after');
    worker.wake();
    bell.ring();
  };
  const { maxDocumentBytes } = config;
  const shared = { ...tools, queue: catalog, newJobId, wake, maxDocumentBytes, clock: systemClock };
  const defaults = { language: config.language, description: '' };
  const ingestion = withRootsOf(createIngest({ ...shared, requirePath }), config.sitePages);
  const accept = createAccept(shared);
  const settled = createSettled(shared);
  return {
    collections: createCollections({ catalog, originals, index, mutex, generation, defaults }),
    documents: createDocuments({
      ...shared,
      accept,
      settled,
      submit: createSubmit(accept, settled),
      duplicates: createFindDuplicates({ catalog, pause: async () => setImmediate() }),
      remove: removal(tools),
    }),
    jobs: createJobs(shared),
    ingestion,
    ingest: createIngestFolder(ingestion),
  };
}

function openPool(config: Config, keepsVectors: boolean): PreparePool {
  return preparePool({
    keepsVectors,
    threads: config.workers,
    modelFolder: MODEL_FOLDER,
    timeoutMs: PREPARE_TIMEOUT_MS,
    heapMegabytes: PREPARE_HEAP_MB,
  });
}

function newJobId(): JobId {
  return randomUUID().replaceAll('-', '') as JobId;
}

async function requirePath(path: string): Promise<void> {
  try {
    await realpath(path);
  } catch (error) {
    throw new HoldfastError('path_not_found', `there is no file or folder ${path}`, { cause: error });
  }
}

function withRootsOf(ingestion: Ingest, maxPages: number): Ingest {
  return {
    ...ingestion,
    start: async (request) => ingestion.start(withRoots(request, maxPages)),
    plan: async (request, signal) => ingestion.plan(withRoots(request, maxPages), signal),
  };
}

function removal({ writeItems, observe, bell }: LibraryTools) {
  return async (scope: Scope, ids: readonly DocumentId[]): Promise<void> => {
    observe('delete', 'before');
    await writeItems(scope, { items: [], problems: [], deletions: ids });
    observe('delete', 'after');
    bell.ring();
  };
}
