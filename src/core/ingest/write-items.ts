import type { Catalog, CommitReceipt, DocumentChange } from '../documents/catalog.ts';
import type { DocumentId, Scope, VersionId } from '../documents/ids.ts';
import type { Original, Originals } from '../documents/originals.ts';
import { HoldfastError } from '../errors.ts';
import type { Mutex } from '../../lib/mutex.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import { indexedCommit } from './indexed-commit.ts';
import { itemChanges, problemChange, type ItemWrite, type ProblemWrite } from './item-changes.ts';
import type { Conform } from './conform.ts';
import type { JobQueue, TaskCommit } from './job-queue.ts';

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
  readonly catalog: Catalog & Pick<JobQueue, 'commitTasks'>;
  readonly originals: Originals;
  readonly index: ChunkIndex;
  /** One commit at a time: each of them asks first which documents an item has. */
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
  const { catalog, mutex } = dependencies;
  return async (target, writes) =>
    mutex.run(async () => {
      await requireSame(target, catalog);
      const scope: Scope = { tenant: target.tenant, collection: target.collection };
      const items = await conformed(scope, writes.items, dependencies);
      const changes = await toChanges(scope, { ...writes, items }, catalog);
      if (changes.length === 0) return;
      await apply(scope, items.map(originalOf), {
        dependencies,
        commit: async () => catalog.commit(scope, changes),
      });
    });
}

/** What a task's item became: prepared, or a problem that kept it from being prepared; null: as it was. */
export type TaskWrite = Omit<TaskCommit, 'changes'> & {
  readonly write: ItemWrite | ProblemWrite | null;
};

/** Tasks that had lost their lease, and the versions that are searchable now because of the others. */
export interface WrittenTasks {
  readonly lost: ReadonlySet<number>;
  readonly added: readonly VersionId[];
}

/** Commits what became of tasks of one collection and makes it searchable. @throws as `WriteItems`. */
export type WriteTasks = (scope: Scope, writes: readonly TaskWrite[]) => Promise<WrittenTasks>;

export function createWriteTasks(dependencies: WriterDependencies): WriteTasks {
  const { catalog, mutex } = dependencies;
  return async (scope, writes) =>
    mutex.run(async () => {
      const items = writes.flatMap(({ write }) => (write !== null && 'prepared' in write ? write : []));
      const anew = await conformed(scope, items, dependencies);
      const conforming = new Map(items.map((item, at) => [item, anew[at] ?? item]));
      const commits = await Promise.all(
        writes.map(async ({ write, ...commit }) => ({
          ...commit,
          changes: await taskChanges(scope, write, { catalog, conforming }),
        })),
      );
      const originals = items.map(originalOf);
      const receipt = await apply(scope, originals, {
        dependencies,
        commit: async () => catalog.commitTasks(scope, commits),
      });
      return { lost: new Set(receipt.lost), added: receipt.applied.flatMap(({ added }) => added ?? []) };
    });
}

function originalOf({ prepared, input }: ItemWrite): Original {
  return { hash: prepared.contentHash, bytes: input.bytes };
}

interface Commit<Receipt> {
  readonly dependencies: WriterDependencies;
  readonly commit: () => Promise<Receipt>;
}

async function apply<Receipt extends CommitReceipt>(
  scope: Scope,
  originals: readonly Original[],
  { dependencies, commit }: Commit<Receipt>,
): Promise<Receipt> {
  const { originals: store } = dependencies;
  const receipt = await store.hold(originals, async () => indexedCommit(scope, dependencies, commit));
  for (const { orphanedContent } of receipt.applied)
    if (orphanedContent !== null) await store.release(orphanedContent);
  return receipt;
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

/** What was prepared while another generation went live is made anew for that one. */
async function conformed(
  scope: Scope,
  items: readonly ItemWrite[],
  { catalog, conform }: WriterDependencies,
): Promise<readonly ItemWrite[]> {
  if (conform === undefined) return items;
  const collection = await catalog.getCollection(scope);
  if (collection === null) return items;
  return Promise.all(
    items.map(async ({ origin, input, prepared }) => ({
      origin,
      input,
      prepared: await conform(collection, input, prepared),
    })),
  );
}

type Known = Pick<Catalog, 'knownItems' | 'storedOutcome'>;

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

async function taskChanges(
  scope: Scope,
  write: TaskWrite['write'],
  {
    catalog,
    conforming,
  }: { readonly catalog: Known; readonly conforming: ReadonlyMap<ItemWrite, ItemWrite> },
): Promise<readonly DocumentChange[]> {
  if (write === null) return [];
  if ('prepared' in write) {
    const item = conforming.get(write) ?? write;
    return itemChanges(scope, item, await knownDocuments(scope, item, catalog));
  }
  const change = problemChange(scope, write);
  return (await isShown(scope, change, catalog)) ? [] : [change];
}

/** A problem that the catalog shows already is not written again. */
async function isShown(scope: Scope, change: DocumentChange, catalog: Known): Promise<boolean> {
  if (change.kind !== 'put') return false;
  const { id, state, problem } = change.draft;
  const stored = await catalog.storedOutcome(scope, id);
  return (
    stored?.state === state &&
    stored.problem?.code === problem?.code &&
    stored.problem?.reason === problem?.reason
  );
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
