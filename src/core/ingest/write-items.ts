import type { BlobStore } from '../documents/blob-store.ts';
import type { Catalog, DocumentChange, DocumentDraft, KnownItem } from '../documents/catalog.ts';
import type { DocumentOrigin, DocumentProblem, DocumentRecord } from '../documents/document.ts';
import { documentId, type DocumentId, type Scope } from '../documents/ids.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import type { Mutex } from '../../lib/mutex.ts';
import { sourceKeyOf, type PrepareInput, type PreparedDocument, type PreparedItem } from './prepare.ts';

/** A prepared item with what is in the catalog of it. */
export interface ItemWrite {
  readonly origin: DocumentOrigin;
  readonly input: PrepareInput;
  readonly prepared: PreparedItem;
  readonly known: KnownItem | null;
}

/** An item that could not even be read, or is left out on purpose. */
export interface ProblemWrite {
  readonly origin: DocumentOrigin;
  readonly item: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: 'failed' | 'skipped';
  readonly problem: DocumentProblem;
}

export interface Writes {
  readonly items: readonly ItemWrite[];
  readonly problems: readonly ProblemWrite[];
  readonly deletions: readonly DocumentId[];
}

export interface WriterDependencies {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly index: ChunkIndex;
  /** One writer at a time: an original must not be deleted while another commit is about to refer to it. */
  readonly mutex: Mutex;
}

/** Commits everything in one transaction and makes it searchable. @throws `storage_full`, `storage_failed`. */
export type WriteItems = (scope: Scope, writes: Writes) => Promise<void>;

export function createWriteItems(dependencies: WriterDependencies): WriteItems {
  return async (scope, writes) => dependencies.mutex.run(async () => write(scope, writes, dependencies));
}

async function write(
  scope: Scope,
  writes: Writes,
  { catalog, blobs, index }: WriterDependencies,
): Promise<void> {
  const changes = toChanges(scope, writes);
  if (changes.length === 0) return;
  await Promise.all(
    writes.items.map(async ({ prepared, input }) => blobs.put(prepared.contentHash, input.bytes)),
  );
  const { applied } = await index.apply(scope, async () => {
    const receipt = await catalog.commit(scope, changes);
    const added = [];
    for await (const version of catalog.versionsSince(scope, receipt.sequence - 1)) added.push(version);
    return { ...receipt, removed: receipt.applied.flatMap((change) => change.removed ?? []), added };
  });
  for (const { orphanedContent } of applied)
    if (orphanedContent !== null) await blobs.delete(orphanedContent);
}

function toChanges(scope: Scope, writes: Writes): DocumentChange[] {
  return [
    ...writes.items.flatMap((item) => itemChanges(scope, item)),
    ...writes.problems.map((problem) => problemChange(scope, problem)),
    ...writes.deletions.map((id) => ({ kind: 'delete', id }) as const),
  ];
}

function itemChanges(scope: Scope, { origin, input, prepared, known }: ItemWrite): DocumentChange[] {
  const base = {
    origin,
    item: input.item,
    format: prepared.format,
    contentHash: prepared.contentHash,
    sizeBytes: input.bytes.length,
  };
  const puts: DocumentChange[] = prepared.documents.map((document) => ({
    kind: 'put',
    draft: { ...base, ...readyParts(scope, input.item, document) },
    version: document.version,
  }));
  for (const { recordKey, code, reason } of prepared.problems) {
    const draft: DocumentDraft = {
      ...base,
      ...identity(scope, input.item, recordKey),
      state: 'failed',
      problem: { code, reason },
      title: input.title ?? recordKey ?? input.name,
      uri: input.uri,
      language: null,
      metadata: input.metadata,
    };
    puts.push({ kind: 'put', draft, version: null });
  }
  const kept = new Set(puts.flatMap((change) => (change.kind === 'put' ? change.draft.id : [])));
  const isWholeItemBroken =
    prepared.documents.length === 0 && prepared.problems.some((one) => one.recordKey === null);
  const gone = isWholeItemBroken ? [] : (known?.documents ?? []).filter(({ id }) => !kept.has(id));
  return [...puts, ...gone.map(({ id }) => ({ kind: 'delete', id }) as const)];
}

function identity(
  scope: Scope,
  item: string,
  recordKey: string | null,
): Pick<DocumentRecord, 'id' | 'sourceKey'> {
  const sourceKey = sourceKeyOf(item, recordKey);
  return { id: documentId(scope, sourceKey), sourceKey };
}

function readyParts(scope: Scope, item: string, document: PreparedDocument) {
  const { recordKey, title, uri, language, metadata } = document;
  return {
    ...identity(scope, item, recordKey),
    state: 'ready',
    problem: null,
    title,
    uri,
    language,
    metadata,
  } as const;
}

function problemChange(scope: Scope, write: ProblemWrite): DocumentChange {
  const { origin, item, name, sizeBytes, state, problem } = write;
  const draft: DocumentDraft = {
    ...identity(scope, item, null),
    origin,
    item,
    state,
    problem,
    title: name,
    uri: null,
    format: null,
    language: null,
    metadata: {},
    contentHash: null,
    sizeBytes,
  };
  return { kind: 'put', draft, version: null };
}
