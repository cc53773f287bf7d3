import type { BlobStore } from '../documents/blob-store.ts';
import type { Catalog, DocumentChange } from '../documents/catalog.ts';
import type { FollowedDocument, FollowStep, GenerationRecord } from '../documents/generations.ts';
import { HoldfastError } from '../errors.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import { indexedCommit } from './indexed-commit.ts';
import type { RecipeOf } from './recipe.ts';
import type { Restore } from './restore.ts';

export interface FollowStepDependencies {
  readonly catalog: Catalog;
  readonly index: ChunkIndex;
  readonly blobs: Pick<BlobStore, 'delete'>;
  readonly restore: Restore;
  readonly recipeOf: RecipeOf;
}

/** Runs `work` while no other writer works, or at once for a caller who is the only one already. */
export type Locked = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Takes over a bounded piece of what a generation lacks; true when it then had everything. A step that is repeated
 * after a crash changes nothing.
 */
export async function followStep(
  generation: GenerationRecord,
  dependencies: FollowStepDependencies,
  { locked, signal }: { readonly locked: Locked; readonly signal: AbortSignal },
): Promise<boolean> {
  const { catalog } = dependencies;
  const step = await catalog.unfollowed(generation.scope);
  if (step.documents.length === 0 && step.departed.length === 0 && step.isLast) return true;
  const live = await catalog.getCollection(generation.collection);
  const keepsLanguage = generation.language === 'auto' && live?.settings.language === 'auto';
  const language = keepsLanguage ? 'keep' : generation.language;
  const changes = await toChanges(step, { generation, dependencies, language, signal });
  await locked(async () => {
    await write(generation, changes, dependencies);
    await catalog.followed(generation.scope, step);
  });
  return step.isLast;
}

async function write(
  { scope }: GenerationRecord,
  changes: readonly DocumentChange[],
  stores: FollowStepDependencies,
): Promise<void> {
  if (changes.length === 0) return;
  const { catalog, blobs } = stores;
  const { applied } = await indexedCommit(scope, stores, async () => catalog.commit(scope, changes));
  for (const { orphanedContent } of applied)
    if (orphanedContent !== null) await blobs.delete(orphanedContent);
}

interface Remaking {
  readonly generation: GenerationRecord;
  readonly dependencies: FollowStepDependencies;
  readonly language: string;
  readonly signal: AbortSignal;
}

async function toChanges(step: FollowStep, remaking: Remaking): Promise<DocumentChange[]> {
  const gone = step.departed.filter(({ isBack }) => !isBack);
  const puts = await Promise.all(step.documents.map(async (document) => remake(document, remaking)));
  return [...gone.map(({ id }) => ({ kind: 'delete', id }) as const), ...puts.flat()];
}

async function remake(
  { draft, stored }: FollowedDocument,
  { generation, dependencies, language, signal }: Remaking,
): Promise<DocumentChange[]> {
  if (stored === null) return [{ kind: 'put', draft, version: null }];
  const recipe = dependencies.recipeOf(generation);
  const made = await dependencies.restore(
    { name: draft.sourceKey, draft, stored, language: draft.givenLanguage ?? language, ...recipe },
    signal,
  );
  const [document] = made.documents;
  if (document === undefined) {
    const [problem] = made.problems;
    if (problem === undefined) throw new HoldfastError('internal_error', `${draft.sourceKey} became nothing`);
    const { code, reason } = problem;
    return [{ kind: 'put', draft: { ...draft, state: 'failed', problem: { code, reason } }, version: null }];
  }
  const { title, uri, metadata } = stored;
  const { version } = document;
  if (draft.state === 'ready')
    return [{ kind: 'put', draft: { ...draft, language: document.language }, version }];
  // A failed update keeps the last good version, which has a title and so on of its own.
  const good = { ...draft, state: 'ready', problem: null, title, uri, metadata } as const;
  return [
    { kind: 'put', draft: { ...good, language: document.language }, version },
    { kind: 'put', draft, version: null },
  ];
}
