import { HoldfastError } from '../errors.ts';
import type { Follow } from '../ingest/follow-generations.ts';
import type { RecipeOf } from '../ingest/recipe.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import type { Catalog } from './catalog.ts';
import type { CollectionSummary, OwnEmbedder } from './collection.ts';
import {
  estimateGeneration,
  requireRoom,
  type GenerationEstimate,
  type Room,
} from './estimate-generation.ts';
import type { GenerationRecord, GenerationSettings, JudgedQuestion } from './generations.ts';
import { documentId, type DocumentId, type Scope } from './ids.ts';
import type { GenerationView, Reindexing, ReindexRequest } from './reindexing.ts';

export interface ReindexingDependencies {
  readonly catalog: Catalog;
  readonly index: Pick<ChunkIndex, 'open'>;
  readonly follow: Pick<Follow, 'wake' | 'caughtUp' | 'drop'>;
  readonly recipeOf: RecipeOf;
  readonly rollbackMs: number;
  /** Dimensions of the built-in vectors. */
  readonly dimensions: number;
  /** What the service has; null: it has none, or keeps no vectors of it. */
  readonly embedders: { readonly builtIn: string | null; readonly encoder: string | null };
  readonly indexBytes: (scope: Scope) => Promise<number>;
  readonly room: () => Promise<Room>;
}

export function createReindexing(dependencies: ReindexingDependencies): Reindexing {
  const { catalog, follow } = dependencies;
  const find = async (scope: Scope, key: number): Promise<GenerationRecord> => {
    await requireCollection(scope, catalog);
    const found = (await catalog.generations(scope)).find((one) => one.key === key);
    if (found !== undefined) return found;
    throw new HoldfastError('generation_not_found', `"${scope.collection}" has no generation ${key}`);
  };
  const view = async (scope: Scope, key: number): Promise<GenerationView> =>
    toView(await find(scope, key), await requireCollection(scope, catalog), dependencies);
  const activate = async (scope: Scope, key: number): Promise<GenerationView> => {
    await switchTo(await find(scope, key), dependencies);
    return view(scope, key);
  };
  return {
    start: async (scope, request) => start(scope, request, dependencies),
    async list(scope) {
      const collection = await requireCollection(scope, catalog);
      const records = await catalog.generations(scope);
      return records.map((record) => toView(record, collection, dependencies));
    },
    get: view,
    activate,
    async rollBack(scope) {
      await requireCollection(scope, catalog);
      const [before] = retiredOnes(await catalog.generations(scope));
      if (before !== undefined) return activate(scope, before.key);
      throw new HoldfastError(
        'generation_not_found',
        `"${scope.collection}" has no generation to go back to`,
      );
    },
    delete: async (scope, key) => follow.drop(await find(scope, key)),
  };
}

async function requireCollection(
  scope: Scope,
  catalog: Pick<Catalog, 'getCollection'>,
): Promise<CollectionSummary> {
  const collection = await catalog.getCollection(scope);
  if (collection !== null) return collection;
  throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
}

async function start(
  scope: Scope,
  request: ReindexRequest,
  dependencies: ReindexingDependencies,
): Promise<{ readonly generation: GenerationView; readonly estimate: GenerationEstimate }> {
  const { catalog, recipeOf, follow } = dependencies;
  const live = await requireCollection(scope, catalog);
  const settings: GenerationSettings = {
    language: request.language ?? live.settings.language,
    chunkTokens: request.chunkTokens ?? live.chunkTokens,
    embedder: embedderOf(request, live, dependencies),
  };
  const questions = await toQuestions(scope, request, catalog);
  const estimate = await estimateRoom(live, settings, dependencies);
  const { generation } = recipeOf(settings);
  const name = settings.language === 'auto' ? generation : `${generation}.${settings.language}`;
  const record = await catalog.createGeneration(scope, {
    ...settings,
    questions,
    generation: name as typeof generation,
  });
  follow.wake();
  return { generation: toView(record, live, dependencies), estimate };
}

/** @throws HoldfastError `embedder_not_configured`. */
function embedderOf(
  { embedder }: ReindexRequest,
  live: CollectionSummary,
  { embedders: { builtIn, encoder } }: Pick<ReindexingDependencies, 'embedders'>,
): OwnEmbedder | null {
  if (embedder === undefined) return live.embedder;
  if (embedder === 'none') return 'none';
  if (embedder === 'server' || (encoder !== null && embedder === encoder)) return null;
  if (builtIn !== null && (embedder === 'static' || embedder === builtIn)) return 'static';
  const all = [builtIn === null ? [] : ['static'], encoder === null ? [] : [encoder], 'none'].flat();
  throw new HoldfastError(
    'embedder_not_configured',
    `this server has no embedder "${embedder}"; it has ${all.join(', ')}`,
  );
}

async function estimateRoom(
  live: CollectionSummary,
  settings: GenerationSettings,
  { catalog, recipeOf, dimensions, indexBytes, room }: ReindexingDependencies,
): Promise<GenerationEstimate> {
  const liveBytes = await indexBytes(live.serving);
  const estimate = estimateGeneration({
    sizes: await catalog.storedSizes(live.serving),
    chunkTokens: { live: recipeOf(live).chunkTokens, candidate: recipeOf(settings).chunkTokens },
    dimensions,
    indexBytes: liveBytes,
  });
  requireRoom(estimate, await room(), liveBytes);
  return estimate;
}

/** Documents by their ids or their source keys. @throws HoldfastError `document_not_found`. */
async function toQuestions(
  scope: Scope,
  { questions = [] }: ReindexRequest,
  catalog: Pick<Catalog, 'getDocument'>,
): Promise<readonly JudgedQuestion[]> {
  const idOf = async (name: string): Promise<DocumentId> => {
    for (const id of [name as DocumentId, documentId(scope, name)])
      if ((await catalog.getDocument(scope, id)) !== null) return id;
    throw new HoldfastError('document_not_found', `"${scope.collection}" has no document "${name}"`);
  };
  return Promise.all(
    questions.map(async ({ question, documents }) => ({
      question,
      documents: await Promise.all(documents.map(idOf)),
    })),
  );
}

async function switchTo(record: GenerationRecord, dependencies: ReindexingDependencies): Promise<void> {
  const { catalog, index, follow } = dependencies;
  if (record.state === 'live') return;
  if (record.state === 'filling')
    throw new HoldfastError(
      'generation_not_ready',
      `generation ${record.key} has ${record.stats.documents.total} documents so far and is being filled`,
    );
  await index.open(record.scope);
  await follow.caughtUp(record, async () => {
    await requireWhole(record, catalog);
    await catalog.activateGeneration(record.scope);
  });
  const [, ...outdated] = retiredOnes(await catalog.generations(record.collection));
  for (const other of outdated) await follow.drop(other);
}

/** The last one that served first. */
function retiredOnes(records: readonly GenerationRecord[]): GenerationRecord[] {
  return records
    .filter(({ retiredAt }) => retiredAt !== null)
    .sort((a, b) => Date.parse(b.retiredAt ?? '') - Date.parse(a.retiredAt ?? ''));
}

/** A document that could not be made anew must not go missing without a word. */
async function requireWhole(
  { key, scope, collection }: GenerationRecord,
  catalog: Pick<Catalog, 'getCollection'>,
): Promise<void> {
  const live = (await catalog.getCollection(collection))?.stats.documents.ready ?? 0;
  const coming = (await catalog.getCollection(scope))?.stats.documents.ready ?? 0;
  if (coming >= live) return;
  throw new HoldfastError(
    'generation_not_ready',
    `generation ${key} has ${coming} ready documents, and the live one has ${live}`,
  );
}

function toView(
  record: GenerationRecord,
  live: CollectionSummary,
  { rollbackMs }: Pick<ReindexingDependencies, 'rollbackMs'>,
): GenerationView {
  const { retiredAt } = record;
  const keptUntil = retiredAt === null ? null : new Date(Date.parse(retiredAt) + rollbackMs).toISOString();
  return { ...record, keptUntil, liveDocuments: live.stats.documents.total };
}
