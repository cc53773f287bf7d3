import type { Catalog } from '../documents/catalog.ts';
import type { IngestRequest, SyncPlan } from '../documents/library.ts';
import { judge } from './judge.ts';
import type { RecipeOf } from './recipe.ts';
import { survey, type SurveyDependencies } from './survey.ts';

export interface PlanDependencies extends SurveyDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument' | 'storedOutcome'>;
  readonly recipeOf: RecipeOf;
  readonly maxDocumentBytes: number;
}

type Counts = { -readonly [Key in keyof SyncPlan['files']]: number };

/** What a sync would do, found without writing anything. @throws HoldfastError `path_not_found`. */
export async function planSync(
  dependencies: PlanDependencies,
  { scope, paths, force = false, origin = 'folder', within, language, patterns }: IngestRequest,
  signal: AbortSignal,
): Promise<SyncPlan> {
  const { catalog, sources, recipeOf, maxDocumentBytes } = dependencies;
  const collection = await catalog.getCollection(scope);
  const source = sources.get(origin);
  const counts: Counts = { found: 0, added: 0, updated: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 };
  const removed: string[] = [];
  let refusal: SyncPlan['refusal'] = null;
  if (source === undefined || collection === null) return { files: counts, removed, refusal };
  const { generation } = recipeOf(collection);
  const tools = { catalog, source, scope, origin, generation, language, maxDocumentBytes } as const;
  for (const root of paths) {
    const found = await survey(dependencies, { scope, origin, root, force, within, patterns }, signal);
    refusal ??= found.refusal;
    for await (const item of found.items) {
      signal.throwIfAborted();
      counts.found++;
      const verdict = await judge(tools, item, found.known.get(item.item) ?? null);
      counts[COUNTER_OF[verdict.kind === 'problem' ? verdict.state : verdict.kind]]++;
    }
    counts.removed += found.gone.length;
    removed.push(...found.gone.map(({ item }) => item));
  }
  return { files: counts, removed, refusal };
}

const COUNTER_OF = {
  add: 'added',
  update: 'updated',
  unchanged: 'unchanged',
  failed: 'failed',
  skipped: 'skipped',
} as const;
