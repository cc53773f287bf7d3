import { HoldfastError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import type { DuplicateGroup, DuplicateMember, FindDuplicates } from './duplicates.ts';
import type { DocumentId, Scope } from './ids.ts';
import { SketchGroups } from './sketch-groups.ts';

export interface FindDuplicatesDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'getDocument' | 'lastSequence' | 'sketchStep'>;
  /** Lets others work between two steps of a long comparison. */
  readonly pause: () => Promise<void>;
  /** Documents that are compared at most; left out: 200,000, which takes about 80 MB meanwhile. */
  readonly maxDocuments?: number;
}

interface Likeness {
  readonly id: DocumentId;
  readonly similarity: number;
}

interface Comparison {
  readonly groups: readonly (readonly Likeness[])[];
  readonly compared: number;
  readonly isComplete: boolean;
}

interface Remembered {
  readonly sequence: number;
  readonly comparison: Promise<Comparison>;
}

const MAX_DOCUMENTS = 200_000;
const SHOWN_MEMBERS = 100;
/** Collections whose groups are remembered until a document changes. */
const REMEMBERED = 8;

/** Compares the documents of a collection when asked, and remembers the groups until one of them changes. */
export function createFindDuplicates(dependencies: FindDuplicatesDependencies): FindDuplicates {
  const { catalog } = dependencies;
  const remembered = new Map<string, Remembered>();

  const compareOnce = async (scope: Scope): Promise<Comparison> => {
    const sequence = await catalog.lastSequence(scope);
    const key = JSON.stringify([scope.tenant, scope.collection]);
    const known = remembered.get(key);
    if (known?.sequence === sequence) return known.comparison;
    const comparison = compare(scope, dependencies);
    const entry = { sequence, comparison };
    remembered.delete(key);
    remembered.set(key, entry);
    for (const oldest of remembered.keys()) if (remembered.size > REMEMBERED) remembered.delete(oldest);
    try {
      return await comparison;
    } catch (error) {
      if (remembered.get(key) === entry) remembered.delete(key);
      throw error;
    }
  };

  return async (scope, { limit, cursor }) => {
    const collection = await catalog.getCollection(scope);
    if (collection === null)
      throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
    const start = startOf(cursor);
    const { groups, compared, isComplete } = await compareOnce(collection.serving);
    const items: DuplicateGroup[] = [];
    for (const group of groups.slice(start, start + limit)) {
      const shown = await toGroup(collection.serving, group, catalog);
      if (shown !== null) items.push(shown);
    }
    const end = start + limit;
    return { items, nextCursor: end < groups.length ? String(end) : null, compared, isComplete };
  };
}

function startOf(cursor: string | null): number {
  if (cursor === null) return 0;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new HoldfastError(
    'invalid_cursor',
    `"${cursor.slice(0, 100)}" is not a cursor of a list of duplicates`,
  );
}

async function compare(
  scope: Scope,
  { catalog, pause, maxDocuments = MAX_DOCUMENTS }: FindDuplicatesDependencies,
): Promise<Comparison> {
  const total = (await catalog.getCollection(scope))?.stats.documents.total ?? 0;
  // A step may bring documents that came meanwhile.
  const capacity = Math.min(total + 1024, maxDocuments);
  const groups = new SketchGroups(capacity);
  const likenesses: (Likeness & { readonly leader: number })[] = [];
  let next: number | null = 0;
  while (next !== null && likenesses.length < capacity) {
    const step: Awaited<ReturnType<typeof catalog.sketchStep>> = await catalog.sketchStep(scope, next);
    for (const { id, sketch } of step.documents.slice(0, capacity - likenesses.length))
      likenesses.push({ id, ...groups.add(sketch) });
    next = step.next;
    await pause();
  }
  const members = Map.groupBy(likenesses, ({ leader }) => leader);
  const found = [...members.values()].filter(({ length }) => length > 1);
  return {
    // The sort is stable, and nothing is more similar than the first one to itself.
    groups: found.map((group) => group.toSorted((a, b) => b.similarity - a.similarity)),
    compared: likenesses.length,
    isComplete: next === null && likenesses.length < maxDocuments,
  };
}

/** Null when all but one of its documents have gone since. */
async function toGroup(
  scope: Scope,
  group: readonly Likeness[],
  catalog: Pick<Catalog, 'getDocument'>,
): Promise<DuplicateGroup | null> {
  const members: DuplicateMember[] = [];
  for (const { id, similarity } of group.slice(0, SHOWN_MEMBERS)) {
    const record = await catalog.getDocument(scope, id);
    if (record !== null) members.push({ record, similarity });
  }
  const size = group.length - (Math.min(group.length, SHOWN_MEMBERS) - members.length);
  return size < 2 ? null : { size, members };
}
