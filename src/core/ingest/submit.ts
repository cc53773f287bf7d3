import type { Catalog } from '../documents/catalog.ts';
import type { DocumentRecord } from '../documents/document.ts';
import type { Documents, Submission, Submitted } from '../documents/library.ts';
import type { Scope } from '../documents/ids.ts';
import type { Originals } from '../documents/originals.ts';
import { HoldfastError } from '../errors.ts';
import { sha256Hex } from '../../lib/hash.ts';
import type { JobQueue } from './job-queue.ts';
import { PRIORITY, type JobId, type NewTask } from './job.ts';
import { jobEnd, nextChange, type WatchDependencies } from './watch-job.ts';

export interface SubmitDependencies extends WatchDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument'>;
  readonly queue: Pick<JobQueue, 'getJob' | 'enqueue'>;
  readonly originals: Pick<Originals, 'hold'>;
  readonly newJobId: () => JobId;
  readonly maxDocumentBytes: number;
  /** Tells the worker that there is work. */
  readonly wake: () => void;
}

/** Takes documents over an API: their originals and the job are durable when it resolves. */
export function createAccept(dependencies: SubmitDependencies): Documents['accept'] {
  const { catalog, originals, queue, newJobId, maxDocumentBytes, wake } = dependencies;
  return async (scope, submissions) => {
    await requireCollection(scope, catalog);
    for (const submission of submissions) checkSize(submission, maxDocumentBytes);
    const held = submissions.map(({ bytes }) => ({
      hash: 'place' in bytes ? bytes.hash : sha256Hex(bytes),
      bytes,
    }));
    const tasks = submissions.map((submission, at) => toTask(submission, held[at]?.hash ?? ''));
    const job = newJobId();
    await originals.hold(held, async () =>
      queue.enqueue(scope, { id: job, kind: 'upload', priority: PRIORITY.interactive, tasks }),
    );
    wake();
    const items = [...new Set(tasks.map(({ item }) => item))];
    return { job, items, records: await recordsOf(scope, items, catalog) };
  };
}

/** Waits until nothing is left to do for the items of a submission, also by a newer one. */
export function createSettled(dependencies: SubmitDependencies): Documents['settled'] {
  return async (scope, { job, items }, signal) => {
    await jobEnd(dependencies, { tenant: scope.tenant, id: job }, signal);
    for (;;) {
      const rung = nextChange(dependencies, signal);
      await requireCollection(scope, dependencies.catalog);
      const records = await recordsOf(scope, items, dependencies.catalog);
      if (!records.some(isWorkedOn)) return records;
      await rung;
      signal.throwIfAborted();
    }
  };
}

/** Takes a document and waits until it can be found, or has failed. */
export function createSubmit(
  accept: Documents['accept'],
  settled: Documents['settled'],
): Documents['submit'] {
  return async (scope, submission, signal) => {
    signal.throwIfAborted();
    return settled(scope, await accept(scope, [submission]), signal);
  };
}

function isWorkedOn({ state }: DocumentRecord): boolean {
  return state !== 'ready' && state !== 'failed' && state !== 'skipped' && state !== 'deleted';
}

async function requireCollection(scope: Scope, catalog: Pick<Catalog, 'getCollection'>): Promise<void> {
  if ((await catalog.getCollection(scope)) !== null) return;
  throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
}

function checkSize({ bytes, name }: Submission, maxBytes: number): void {
  const size = sizeOf(bytes);
  if (size <= maxBytes) return;
  throw new HoldfastError('document_too_large', `${name} has ${size} bytes; at most ${maxBytes} are taken`);
}

function sizeOf(bytes: Submission['bytes']): number {
  return 'place' in bytes ? bytes.sizeBytes : bytes.length;
}

function toTask(submission: Submission, contentHash: string): NewTask {
  const { name, format, mediaType, title, uri, metadata, givenLanguage = null, bytes } = submission;
  return {
    item: itemKey(submission, contentHash),
    origin: 'api',
    input: { name, format, mediaType, title, uri, fallbackUri: null, metadata, givenLanguage },
    contentHash,
    sizeBytes: sizeOf(bytes),
  };
}

/** The given key; else the uri, the file name, or the content itself. Well-formed, as the catalog stores it. */
function itemKey({ key, uri, name }: Submission, contentHash: string): string {
  return (key ?? uri ?? (name === '' ? contentHash.slice(0, 32) : name)).toWellFormed();
}

async function recordsOf(
  scope: Scope,
  items: Submitted['items'],
  catalog: Pick<Catalog, 'knownItems' | 'getDocument'>,
): Promise<readonly DocumentRecord[]> {
  const all: DocumentRecord[] = [];
  for (const item of items) {
    const known = (await catalog.knownItems(scope, 'api', item)).find((one) => one.item === item);
    const records = await Promise.all(
      (known?.documents ?? []).map(async ({ id }) => catalog.getDocument(scope, id)),
    );
    all.push(...records.filter((record) => record !== null));
  }
  return all;
}
