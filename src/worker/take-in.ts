import type { Catalog } from '../core/documents/catalog.ts';
import type { BlobStore } from '../core/documents/blob-store.ts';
import { problemState, type DocumentOrigin } from '../core/documents/document.ts';
import { HoldfastError } from '../core/errors.ts';
import type { Extractor } from '../core/ingest/extractor.ts';
import type { DocumentTask, Step } from '../core/ingest/job.ts';
import type { Prepare, PrepareInput, PreparedItem } from '../core/ingest/prepare.ts';
import type { RecipeOf } from '../core/ingest/recipe.ts';
import type { Source } from '../core/ingest/source.ts';
import type { TaskWrite } from '../core/ingest/write-items.ts';
import { extractionOf, isForExtractor } from './extract.ts';

export interface TakeInDependencies {
  readonly blobs: Pick<BlobStore, 'get'>;
  readonly sources: ReadonlyMap<DocumentOrigin, Source>;
  readonly prepare: Prepare;
  /** Asked for what no built-in parser takes; null: there is none. */
  readonly extractor: Extractor | null;
  readonly catalog: Pick<Catalog, 'getCollection'>;
  readonly recipeOf: RecipeOf;
  readonly maxDocumentBytes: number;
}

/** From a task to what is to be written: fetches the bytes, parses, splits and embeds them. */
export type TakeIn = (
  task: DocumentTask,
  onStep: (step: Step) => void,
  signal: AbortSignal,
) => Promise<TaskWrite>;

/** A document that crashes its parser so often is the cause itself. */
const MAX_TRIES = 3;

/** @throws what is worth another try; what is wrong with the document becomes its problem. */
export function createTakeIn(dependencies: TakeInDependencies): TakeIn {
  const { prepare, extractor, catalog, recipeOf } = dependencies;
  return async (task, onStep, signal) => {
    onStep('fetch');
    const bytes = await fetch(task, dependencies);
    const { scope, item } = task;
    const collection = await catalog.getCollection(scope);
    if (collection === null)
      throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
    const { language } = collection.settings;
    const input: PrepareInput = { ...task.input, scope, item, bytes, language, ...recipeOf(collection) };
    onStep('parse');
    let prepared = await prepare(input, signal, onStep);
    if (extractor !== null && isForExtractor(prepared)) {
      const extraction = await extractionOf({ input, tries: task.tries }, extractor, signal);
      prepared =
        extraction instanceof HoldfastError
          ? {
              ...prepared,
              problems: [{ recordKey: null, code: extraction.code, reason: extraction.message }],
            }
          : await prepare({ ...input, extraction }, signal, onStep);
    }
    const crash = prepared.problems.find(({ code }) => code === 'document_crashes');
    // Tried again, for it may have met a machine without memory.
    if (crash !== undefined && task.tries < MAX_TRIES) throw new HoldfastError(crash.code, crash.reason);
    onStep('commit');
    return toWrite(task, input, prepared);
  };
}

async function fetch(
  { origin, item, input, contentHash }: DocumentTask,
  { blobs, sources, maxDocumentBytes }: TakeInDependencies,
): Promise<Uint8Array> {
  if (contentHash !== null) {
    const bytes = await blobs.get(contentHash);
    if (bytes !== null) return bytes;
    throw new HoldfastError('document_vanished', `the stored original of ${input.name || item} is not there`);
  }
  const source = sources.get(origin);
  if (source === undefined) throw new HoldfastError('document_vanished', `${item} has no source`);
  return source.read(item, maxDocumentBytes);
}

function toWrite(task: DocumentTask, input: PrepareInput, prepared: PreparedItem): TaskWrite {
  const lease = { task: task.task, token: task.token };
  const [first] = prepared.problems;
  if (first !== undefined && isUnsupported(task, prepared)) return skipped(task, input, first);
  const problem = prepared.problems.find(({ code }) => problemState(code) === 'failed') ?? null;
  return {
    lease,
    write: { origin: task.origin, input, prepared },
    outcome: problem === null ? 'done' : 'failed',
    problem: problem === null ? null : { code: problem.code, reason: problem.reason },
    documents: prepared.documents.length,
    chunks: prepared.documents.reduce((sum, { version }) => sum + version.chunks.length, 0),
    bytes: input.bytes.length,
  };
}

/** A file that no parser takes is left out, not failed: a folder of documents may hold pictures. */
function isUnsupported({ origin }: DocumentTask, { documents, problems }: PreparedItem): boolean {
  return origin !== 'api' && documents.length === 0 && problems[0]?.code === 'document_unsupported';
}

function skipped(
  task: DocumentTask,
  input: PrepareInput,
  { code, reason }: PreparedItem['problems'][number],
): TaskWrite {
  const problem = { code, reason };
  const { origin, item } = task;
  return {
    lease: { task: task.task, token: task.token },
    write: { origin, item, name: input.name, sizeBytes: input.bytes.length, state: 'skipped', problem },
    outcome: 'skipped',
    problem,
    documents: 0,
    chunks: 0,
    bytes: 0,
  };
}

/** What a task becomes that cannot go on. */
export function failedWrite(task: DocumentTask, problem: TaskWrite['problem'] & object): TaskWrite {
  const { origin, item, input, sizeBytes, contentHash } = task;
  return {
    lease: { task: task.task, token: task.token },
    write: {
      origin,
      item,
      name: input.title ?? input.name,
      sizeBytes,
      state: 'failed',
      problem,
      contentHash,
    },
    outcome: 'failed',
    problem,
    documents: 0,
    chunks: 0,
    bytes: 0,
  };
}
