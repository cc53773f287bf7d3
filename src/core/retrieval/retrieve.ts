import { isoTime, type Clock } from '../../lib/clock.ts';
import type { Catalog } from '../documents/catalog.ts';
import type { HydratedChunk } from '../documents/document.ts';
import { publicName, type GenerationId, type Scope } from '../documents/ids.ts';
import { linesOf } from '../documents/lines.ts';
import { HoldfastError } from '../errors.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { RecallFailure } from './attempts.ts';
import { unlimited, type ScanDependencies, type WithinLimit } from './catalog-scan.ts';
import { distinctDocuments } from './distinct.ts';
import type { Encoder } from './dense-recall.ts';
import type { Embedder } from './embedder.ts';
import { byScore, fuse, type RankedChunk, type RecalledChunk } from './fuse.ts';
import { limitedIndex, type SearchedIndex } from './limited-index.ts';
import { recall, type Recall } from './recall.ts';
import type {
  Degradation,
  RetrievalMode,
  Search,
  SearchRequest,
  SearchResponse,
  SearchResult,
} from './search.ts';
import { startStopwatch, type Stopwatch } from './stopwatch.ts';

export interface RetrievalDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'hydrate' | 'sketchesOf'>;
  readonly index: SearchedIndex;
  /** The built-in model; null: chunks have no vectors of it. */
  readonly embedder: Embedder | null;
  /** Serves instead of the built-in model where it is ready; see `isServed`. */
  readonly encoder?: Encoder | null;
  /** For a collection whose index is lost. Null or left out: its questions fail. */
  readonly lostIndex?: ScanDependencies | null;
  /** Bounds one call of the index. Left out: the request's own deadline does. */
  readonly limitIndex?: WithinLimit;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Overrides the weight of the profile of whichever embedding model served. */
  readonly fusionWeight?: number;
}

/** A result with all that an answer needs to know of it. */
export interface Passage {
  readonly ranked: RankedChunk;
  readonly chunk: HydratedChunk;
}

export interface Retrieval {
  readonly id: string;
  readonly passages: readonly Passage[];
  readonly mode: RetrievalMode;
  readonly generation: string;
  /** The embedding model that served; null when words alone did. */
  readonly embeddingModel: string | null;
  readonly degraded: readonly Degradation[];
  /** How a collection weighs the question's words, for those whose index cannot tell. */
  readonly words: Recall['words'];
  readonly stopwatch: Stopwatch;
}

export type Retrieve = (request: SearchRequest, signal: AbortSignal) => Promise<Retrieval>;

const CANDIDATES = 100;
/** More are needed when those of near duplicates are left out. */
const DISTINCT_FACTOR = 2;

/** plan -> recall -> fuse -> hydrate. */
export function createRetrieve(dependencies: RetrievalDependencies): Retrieve {
  return async (request, signal) => {
    signal.throwIfAborted();
    const stopwatch = startStopwatch(dependencies.clock);
    const { scopes, generations } = await untilAborted(signal, plan(request, dependencies.catalog));
    const { found, passages } = await find(request, { scopes, dependencies, stopwatch }, signal);
    return {
      id: dependencies.newId(),
      passages,
      mode: found.mode,
      generation: generations.join(','),
      embeddingModel: found.embedding?.model ?? null,
      degraded: degradations(found, dependencies.clock),
      words: found.words,
      stopwatch,
    };
  };
}

/** So often a search is repeated when documents were replaced under it. */
const REPETITIONS = 2;

interface Finding {
  readonly scopes: readonly Scope[];
  readonly dependencies: RetrievalDependencies;
  readonly stopwatch: Stopwatch;
}

/** A document that is replaced between recall and hydration is found by its new version. */
async function find(
  request: SearchRequest,
  { scopes, dependencies, stopwatch }: Finding,
  signal: AbortSignal,
): Promise<{ readonly found: Recall; readonly passages: readonly Passage[] }> {
  const { query, filter, mode, topK, distinct = false } = request;
  const { catalog, limitIndex = unlimited } = dependencies;
  const index = limitedIndex(dependencies.index, signal, limitIndex);
  const limit = Math.max(CANDIDATES, topK) * (distinct ? DISTINCT_FACTOR : 1);
  for (let repetition = 0; ; repetition++) {
    const found = await recall(
      { query, scopes, filter, mode, limit },
      { ...dependencies, index, stopwatch },
      signal,
    );
    signal.throwIfAborted();
    const ranked = rank(found, dependencies.fusionWeight ?? found.embedding?.fusionWeight ?? 0);
    const { passages, vanished } = await stopwatch.time('hydrate', async () =>
      untilAborted(signal, hydrate(ranked, { topK, distinct, catalog })),
    );
    if (vanished === 0 || repetition === REPETITIONS) return { found, passages };
  }
}

/** A search without an answer. */
export function createSearch(retrieve: Retrieve): Search {
  return async (request, signal) => searchResponse(request, await retrieve(request, signal));
}

export function searchResponse(request: SearchRequest, retrieval: Retrieval): SearchResponse {
  return {
    id: retrieval.id,
    query: request.query,
    results: retrieval.passages.map(toResult),
    retrieval: {
      mode: retrieval.mode,
      generation: retrieval.generation,
      embeddingModel: retrieval.embeddingModel,
    },
    degraded: retrieval.degraded,
    timingsMs: retrieval.stopwatch.timings(),
  };
}

async function plan(
  request: SearchRequest,
  catalog: Pick<Catalog, 'getCollection'>,
): Promise<{ scopes: Scope[]; generations: GenerationId[] }> {
  const scopes: Scope[] = [];
  const generations = new Set<GenerationId>();
  for (const name of new Set(request.collections)) {
    const scope = { tenant: request.tenant, collection: name };
    const collection = await catalog.getCollection(scope);
    if (collection === null)
      throw new HoldfastError('collection_not_found', `there is no collection "${name}"`);
    scopes.push(collection.serving);
    generations.add(collection.generation);
  }
  return { scopes, generations: [...generations] };
}

function rank(found: Recall, fusionWeight: number): RankedChunk[] {
  if (found.mode === 'hybrid') return fuse(found.chunks, fusionWeight);
  const score = (chunk: RecalledChunk): number => (found.mode === 'dense' ? chunk.cosine : chunk.lexical);
  return found.chunks.map((chunk) => ({ ...chunk, score: score(chunk) })).sort(byScore);
}

interface Hydration {
  readonly topK: number;
  /** Leaves out what comes of a near duplicate of a better one's document. */
  readonly distinct: boolean;
  readonly catalog: Pick<Catalog, 'hydrate' | 'sketchesOf'>;
}

/** The best `topK` chunks that the catalog still has, and how many of the better ones are gone. */
async function hydrate(
  ranked: readonly RankedChunk[],
  { topK, distinct, catalog }: Hydration,
): Promise<{ readonly passages: readonly Passage[]; readonly vanished: number }> {
  const passages: Passage[] = [];
  const documents = distinct ? distinctDocuments(catalog) : null;
  let vanished = 0;
  for (let start = 0; start < ranked.length && passages.length < topK; start += topK) {
    const batch = ranked.slice(start, start + topK);
    const chunks = await hydrateBatch(batch, catalog);
    const found = batch.map((one, at) => ({ ranked: one, chunk: chunks[at] ?? null }));
    await documents?.prepare(
      found.flatMap(({ ranked: { scope }, chunk }) => (chunk ? [{ scope, chunk }] : [])),
    );
    for (const { ranked: one, chunk } of found) {
      if (passages.length === topK) break;
      if (chunk === null) vanished++;
      else if (documents?.admit(chunk) ?? true) passages.push({ ranked: one, chunk });
    }
  }
  return { passages, vanished };
}

async function hydrateBatch(
  batch: readonly RankedChunk[],
  catalog: Pick<Catalog, 'hydrate'>,
): Promise<(HydratedChunk | null)[]> {
  const chunks: (HydratedChunk | null)[] = batch.map(() => null);
  const byScope = Map.groupBy(batch.keys(), (at) => batch[at]?.scope);
  for (const [scope, places] of byScope) {
    if (scope === undefined) continue;
    const ids = places.flatMap((at) => batch[at]?.chunkId ?? []);
    for (const [i, chunk] of (await catalog.hydrate(scope, ids)).entries()) chunks[places[i] ?? 0] = chunk;
  }
  return chunks;
}

function toResult({ ranked, chunk }: Passage, at: number): SearchResult {
  const lines = linesOf(chunk, chunk);
  return {
    rank: at + 1,
    collection: publicName(ranked.scope.collection),
    chunkId: chunk.id,
    documentId: chunk.documentId,
    documentVersion: chunk.version,
    title: chunk.title,
    uri: chunk.uri,
    headingPath: chunk.headingPath,
    page: chunk.page,
    ...(lines === null ? {} : { lines }),
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    score: ranked.score,
  };
}

const FALLBACK: Readonly<Record<RecallFailure['side'], string>> = {
  embedding: 'lexical_only',
  dense: 'lexical_only',
  lexical: 'dense_only',
  index: 'catalog_scan',
};

/** One for each part and what was done instead; reasons for the same are joined. */
function degradations({ failures, isFallback }: Recall, clock: Clock): Degradation[] {
  const known = new Map<string, Degradation>();
  for (const { side, reason } of failures) {
    const isEncoderLost = isFallback && (side === 'embedding' || side === 'dense');
    const mode = isEncoderLost ? 'static_vectors' : FALLBACK[side];
    const before = known.get(side);
    if (before?.reason.includes(reason) === true) continue;
    const reasons = before === undefined ? reason : `${before.reason}; ${reason}`;
    known.set(side, { component: side, mode, reason: reasons, since: isoTime(clock) });
  }
  return [...known.values()];
}
