import type { BlobStore } from '../documents/blob-store.ts';
import type { Catalog, DocumentChange, DocumentDraft } from '../documents/catalog.ts';
import {
  problemState,
  type DocumentOrigin,
  type DocumentProblem,
  type DocumentRecord,
} from '../documents/document.ts';
import { documentId, type DocumentId, type Scope } from '../documents/ids.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import { HoldfastError } from '../errors.ts';
import type { Mutex } from '../../lib/mutex.ts';
import type { Conform } from './conform.ts';
import { joinKeys } from '../documents/record-key.ts';
import type { PrepareInput, PreparedDocument, PreparedItem } from './prepare.ts';

/** A prepared item. It takes the place of all documents that the catalog has of the item. */
export interface ItemWrite {
  readonly origin: DocumentOrigin;
  readonly input: PrepareInput;
  readonly prepared: PreparedItem;
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

/** The collection that was prepared for. With `createdAt`, one that was made anew under its name is refused. */
export interface WriteTarget extends Scope {
  readonly createdAt?: string;
}

export interface WriterDependencies {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly index: ChunkIndex;
  /** One writer at a time: an original must not be deleted while another commit is about to refer to it. */
  readonly mutex: Mutex;
  /** Left out: everything is written as it was prepared. */
  readonly conform?: Conform;
}

/**
 * Commits everything in one transaction and makes it searchable.
 * @throws `storage_full`, `storage_failed`, `collection_not_found` also when it was deleted and made anew.
 */
export type WriteItems = (target: WriteTarget, writes: Writes) => Promise<void>;

export function createWriteItems(dependencies: WriterDependencies): WriteItems {
  return async (target, writes) => dependencies.mutex.run(async () => write(target, writes, dependencies));
}

async function write(
  target: WriteTarget,
  prepared: Writes,
  { catalog, blobs, index, conform }: WriterDependencies,
): Promise<void> {
  await requireSame(target, catalog);
  const scope: Scope = { tenant: target.tenant, collection: target.collection };
  const writes = conform === undefined ? prepared : await conformed(scope, prepared, { catalog, conform });
  const changes = await toChanges(scope, writes, catalog);
  if (changes.length === 0) return;
  await Promise.all(writes.items.map(async (item) => blobs.put(item.prepared.contentHash, item.input.bytes)));
  const { applied } = await index.apply(scope, async () => {
    const receipt = await catalog.commit(scope, changes);
    const added = [];
    for await (const version of catalog.versionsSince(scope, receipt.sequence - 1)) added.push(version);
    return { ...receipt, removed: receipt.applied.flatMap((change) => change.removed ?? []), added };
  });
  for (const { orphanedContent } of applied)
    if (orphanedContent !== null) await blobs.delete(orphanedContent);
}

async function conformed(
  scope: Scope,
  writes: Writes,
  { catalog, conform }: Required<Pick<WriterDependencies, 'catalog' | 'conform'>>,
): Promise<Writes> {
  const collection = await catalog.getCollection(scope);
  if (collection === null) return writes;
  const items = await Promise.all(
    writes.items.map(async (item) => ({
      ...item,
      prepared: await conform(collection, item.input.item, item.prepared),
    })),
  );
  return { ...writes, items };
}

async function requireSame(target: WriteTarget, catalog: Pick<Catalog, 'getCollection'>): Promise<void> {
  if (target.createdAt === undefined) return;
  const now = await catalog.getCollection(target);
  if (now?.createdAt === target.createdAt) return;
  throw new HoldfastError(
    'collection_not_found',
    `collection "${target.collection}" was deleted in the meantime`,
  );
}

type Known = Pick<Catalog, 'knownItems'>;

async function toChanges(scope: Scope, writes: Writes, catalog: Known): Promise<DocumentChange[]> {
  const items = await Promise.all(
    writes.items.map(async (item) => itemChanges(scope, item, await knownDocuments(scope, item, catalog))),
  );
  return [
    ...items.flat(),
    ...writes.problems.map((problem) => problemChange(scope, problem)),
    ...writes.deletions.map((id) => ({ kind: 'delete', id }) as const),
  ];
}

/** Asked for at the last moment: another write may have changed the documents of the item since it was prepared. */
async function knownDocuments(
  scope: Scope,
  { origin, input }: ItemWrite,
  catalog: Known,
): Promise<readonly DocumentId[]> {
  const items = await catalog.knownItems(scope, origin, input.item);
  return items
    .filter(({ item }) => item === input.item)
    .flatMap(({ documents }) => documents.map(({ id }) => id));
}

function itemChanges(
  scope: Scope,
  { origin, input, prepared }: ItemWrite,
  known: readonly DocumentId[],
): DocumentChange[] {
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
      state: problemState(code),
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
  const gone = isWholeItemBroken ? [] : known.filter((id) => !kept.has(id));
  return [...puts, ...gone.map((id) => ({ kind: 'delete', id }) as const)];
}

function identity(
  scope: Scope,
  item: string,
  recordKey: string | null,
): Pick<DocumentRecord, 'id' | 'sourceKey'> {
  const sourceKey = joinKeys(item, recordKey);
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
