import type { Catalog } from '../documents/catalog.ts';
import { sentenceSpans } from '../documents/sentences.ts';
import type { Scope } from '../documents/ids.ts';
import { createSearch, searchResponse, type Retrieval, type Retrieve } from '../retrieval/retrieve.ts';
import type { Search, SearchRequest, SearchResponse } from '../retrieval/search.ts';
import type { EmbedShort, TextAnalysis } from '../retrieval/text-analysis.ts';
import type { Answer, AnswerEvent, Ask, AskRequest, AskResponse, AskStream, Citation } from './answer.ts';
import { composeAnswer } from './compose.ts';
import { EXTRACT_DEFAULTS, extractAnswer } from './extract.ts';
import type { Passage } from './extraction.ts';

export interface AskDependencies {
  readonly retrieve: Retrieve;
  readonly catalog: Pick<Catalog, 'listCollections'>;
  readonly analysis: TextAnalysis;
  readonly embed: EmbedShort;
}

/** The three ways to ask, over one pipeline: retrieve -> extract -> cite. */
export interface Asking {
  readonly ask: Ask;
  readonly askStream: AskStream;
  readonly search: Search;
}

/** Passages beyond these add time, not answers. */
const ANSWER_PASSAGES = 10;

export function createAsking(dependencies: AskDependencies): Asking {
  const search = createSearch(dependencies.retrieve);
  const ask: Ask = async (request, signal) => {
    const located = await locate(request, dependencies.catalog);
    if (located === null) return noDocuments(request);
    const retrieval = await retrieveForAnswer(located, dependencies.retrieve, signal);
    return answer(located, retrieval, dependencies);
  };
  return {
    ask,
    search: async (request, signal) => {
      const located = await locate(request, dependencies.catalog);
      return located === null ? noDocuments({ ...request, maxAnswerChars: 0 }) : search(located, signal);
    },
    async *askStream(request, signal) {
      const located = await locate(request, dependencies.catalog);
      if (located === null) {
        yield* events(noDocuments(request));
        return;
      }
      const retrieval = await retrieveForAnswer(located, dependencies.retrieve, signal);
      yield { type: 'retrieval', data: shown(located, searchResponse(located, retrieval)) };
      signal.throwIfAborted();
      const response = await answer(located, retrieval, dependencies);
      yield* [...events(response)].slice(1);
    },
  };
}

/** The request with all collections of the tenant when it names none; null when there are none. */
async function locate<Request extends SearchRequest>(
  request: Request,
  catalog: Pick<Catalog, 'listCollections'>,
): Promise<Request | null> {
  if (request.collections.length > 0) return request;
  const { items } = await catalog.listCollections(request.tenant, { limit: 1000, cursor: null });
  const collections = items.map(({ collection }) => collection);
  return collections.length === 0 ? null : { ...request, collections };
}

/** An answer may need more passages than the client wants to see. */
async function retrieveForAnswer(
  request: AskRequest,
  retrieve: Retrieve,
  signal: AbortSignal,
): Promise<Retrieval> {
  return retrieve({ ...request, topK: Math.max(request.topK, ANSWER_PASSAGES) }, signal);
}

async function answer(
  request: AskRequest,
  retrieval: Retrieval,
  dependencies: AskDependencies,
): Promise<AskResponse> {
  const { answer: said, citations } = await retrieval.stopwatch.time('answer', async () =>
    extract(request, retrieval, dependencies),
  );
  return { ...shown(request, searchResponse(request, retrieval)), answer: said, citations, cache: 'off' };
}

async function extract(
  request: AskRequest,
  retrieval: Retrieval,
  { analysis, embed }: AskDependencies,
): Promise<{ answer: Answer; citations: readonly Citation[] }> {
  const passages = retrieval.passages.slice(0, ANSWER_PASSAGES);
  const scope: Scope = passages[0]?.ranked.scope ?? {
    tenant: request.tenant,
    collection: request.collections[0] ?? ('' as never),
  };
  const input = {
    query: request.query,
    queryTerms: await analysis.queryTerms(scope, request.query),
    unknownIdf: await analysis.unknownIdf(scope),
    passages: passages.map(toPassage),
  };
  const options = { ...EXTRACT_DEFAULTS, maxChars: request.maxAnswerChars };
  const extraction = extractAnswer(input, { terms: analysis.terms, embed, sentenceSpans }, options);
  return composeAnswer(extraction, searchResponse(request, retrieval).results);
}

function toPassage({ ranked, chunk }: Retrieval['passages'][number]): Passage {
  const { text, start, title, headingPath } = chunk;
  return {
    chunkId: chunk.id,
    text,
    start,
    language: chunk.language ?? 'en',
    title,
    headingPath,
    score: ranked.score,
  };
}

/** Without the passages that only the answer needed. */
function shown<Response extends SearchResponse>(request: AskRequest, response: Response): Response {
  return { ...response, results: response.results.slice(0, request.topK) };
}

function* events(response: AskResponse): Generator<AnswerEvent> {
  const { answer: said, citations, cache: _, ...search } = response;
  yield { type: 'retrieval', data: search };
  for (const data of response.degraded) yield { type: 'degraded', data };
  yield { type: 'delta', data: { text: said.text } };
  for (const data of citations) yield { type: 'citation', data };
  yield { type: 'final', data: response };
}

const NO_DOCUMENTS: Answer = {
  text: 'There are no documents yet: ingest some first.',
  mode: 'none',
  refused: true,
  reason: 'no_documents',
};

function noDocuments(request: AskRequest): AskResponse {
  return {
    id: 'none',
    query: request.query,
    results: [],
    retrieval: { mode: request.mode, generation: '' },
    degraded: [],
    timingsMs: { total: 0 },
    answer: NO_DOCUMENTS,
    citations: [],
    cache: 'off',
  };
}
