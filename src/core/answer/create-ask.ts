import { isoTime, type Clock } from '../../lib/clock.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { Catalog } from '../documents/catalog.ts';
import type { Generator } from '../models/generator.ts';
import { createSearch, searchResponse, type Retrieval, type Retrieve } from '../retrieval/retrieve.ts';
import type { Degradation, Search, SearchRequest, SearchResponse } from '../retrieval/search.ts';
import type { Answer, AnswerEvent, Ask, AskRequest, AskResponse, AskStream, Citation } from './answer.ts';
import { answerExtractively, type ExtractiveAnswer, type ExtractiveTools } from './answer-extractively.ts';
import { standAlone } from './stand-alone.ts';
import { generateAnswer, type GenerationInput, type GenerationOutcome } from './generate/generate-answer.ts';

export interface AskDependencies extends ExtractiveTools {
  readonly retrieve: Retrieve;
  readonly catalog: Pick<Catalog, 'listCollections'>;
  /** Null: answers are extracted. */
  readonly generator: Generator | null;
  readonly countTokens: (text: string) => number;
  readonly clock: Clock;
}

/** The three ways to ask, over one pipeline. */
export interface Asking {
  readonly ask: Ask;
  readonly askStream: AskStream;
  readonly search: Search;
}

/** Passages beyond these add time, not answers. */
const ANSWER_PASSAGES = 10;

export function createAsking(dependencies: AskDependencies): Asking {
  const search = createSearch(dependencies.retrieve);
  const askStream: AskStream = (request, signal) => answerEvents(request, dependencies, signal);
  return {
    askStream,
    ask: async (request, signal) => {
      for await (const event of askStream(request, signal)) if (event.type === 'final') return event.data;
      throw new Error('the stream of an answer ended without its final event');
    },
    search: async (request, signal) => {
      const located = await locate(request, dependencies.catalog, signal);
      return located === null ? noDocuments(request) : search(located, signal);
    },
  };
}

/** condense -> retrieve -> generate or extract -> cite. */
async function* answerEvents(
  request: AskRequest,
  dependencies: AskDependencies,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const located = await locate(request, dependencies.catalog, signal);
  if (located === null) {
    yield* closing(noDocuments(request), false);
    return;
  }
  const { generator } = dependencies;
  const { query, lost: unwritten } = await standAlone(located, generator, signal);
  // An answer may need more passages than the client wants to see.
  const topK = Math.max(located.topK, ANSWER_PASSAGES);
  const found = await dependencies.retrieve({ ...located, query, topK }, signal);
  const early = unwritten === null ? [] : [lostPart(QUESTION_LOST, unwritten, dependencies.clock)];
  const retrieval = { ...found, degraded: [...early, ...found.degraded] };
  yield { type: 'retrieval', data: shown(located, searchResponse(located, retrieval)) };
  signal.throwIfAborted();
  for (const data of retrieval.degraded) yield { type: 'degraded', data };
  yield* saying({ request: located, query, retrieval, dependencies }, signal);
}

/** What the model says; what the passages say when there is none, or it cannot be trusted. */
async function* saying(asked: Asked, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  const { clock } = asked.dependencies;
  const outcome = yield* generated(asked, signal);
  if (outcome?.kind === 'answered') {
    yield* closing(respond(asked, outcome), true);
    return;
  }
  if (outcome?.kind === 'not_answered') {
    yield* closing(respond(asked, NOT_ANSWERED), false);
    return;
  }
  const lost = outcome?.kind === 'failed' ? [lostPart(GENERATOR_LOST, outcome.reason, clock)] : [];
  const said = await extracted(asked, signal);
  if (said.lostWords !== null) lost.push(lostPart(WORDS_LOST, said.lostWords, clock));
  for (const data of lost) yield { type: 'degraded', data };
  yield* closing(respond(asked, said, lost), false);
}

interface Asked {
  readonly request: AskRequest;
  /** The question as it was searched for. */
  readonly query: string;
  readonly retrieval: Retrieval;
  readonly dependencies: AskDependencies;
}

interface Said {
  readonly answer: Answer;
  readonly citations: readonly Citation[];
}

/** Streams the model's answer; null when there is no model, or nothing to answer from. */
async function* generated(
  { query, retrieval, request, dependencies }: Asked,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent, GenerationOutcome | null> {
  const { generator, analysis, embed, countTokens } = dependencies;
  if (generator === null || retrieval.passages.length === 0) return null;
  const { results } = searchResponse(request, retrieval);
  const passages: GenerationInput['passages'] = retrieval.passages
    .slice(0, ANSWER_PASSAGES)
    .flatMap(({ chunk }, at) => {
      const result = results[at];
      return result === undefined
        ? []
        : [{ result, text: chunk.text, start: chunk.start, language: chunk.language ?? 'en' }];
    });
  const stream = generateAnswer(
    { question: query, passages },
    { generator, embed, countTokens, terms: analysis.terms },
    signal,
  );
  for (let next = await stream.next(); ; next = await stream.next()) {
    if (next.done === true) return next.value;
    yield { type: 'delta', data: { text: next.value } };
  }
}

async function extracted(
  { query, request, retrieval, dependencies }: Asked,
  signal: AbortSignal,
): Promise<ExtractiveAnswer> {
  const passages = retrieval.passages.slice(0, ANSWER_PASSAGES);
  const { results } = searchResponse(request, retrieval);
  return retrieval.stopwatch.time('answer', async () =>
    answerExtractively(
      { query, passages, results, maxAnswerChars: request.maxAnswerChars, words: retrieval.words },
      dependencies,
      signal,
    ),
  );
}

function respond(
  { request, retrieval }: Asked,
  { answer, citations }: Said,
  lost: readonly Degradation[] = [],
): AskResponse {
  const response = shown(request, searchResponse(request, retrieval));
  return { ...response, degraded: [...response.degraded, ...lost], answer, citations, cache: 'off' };
}

/** The end of every stream: the text unless it was streamed already, the citations, and the whole answer. */
function* closing(response: AskResponse, isStreamed: boolean): Iterable<AnswerEvent> {
  if (!isStreamed) yield { type: 'delta', data: { text: response.answer.text } };
  for (const data of response.citations) yield { type: 'citation', data };
  yield { type: 'final', data: response };
}

/** The request with all collections of the tenant when it names none; null when there are none. */
async function locate<Request extends SearchRequest>(
  request: Request,
  catalog: Pick<Catalog, 'listCollections'>,
  signal: AbortSignal,
): Promise<Request | null> {
  signal.throwIfAborted();
  if (request.collections.length > 0) return request;
  const listed = catalog.listCollections(request.tenant, { limit: 1000, cursor: null });
  const { items } = await untilAborted(signal, listed);
  const collections = items.map(({ collection }) => collection);
  return collections.length === 0 ? null : { ...request, collections };
}

/** Without the passages that only the answer needed. */
function shown<Response extends SearchResponse>(request: SearchRequest, response: Response): Response {
  return { ...response, results: response.results.slice(0, request.topK) };
}

type LostPart = Pick<Degradation, 'component' | 'mode'>;

const GENERATOR_LOST: LostPart = { component: 'generator', mode: 'extractive' };
/** The question before was put in front of a follow-up question. */
const QUESTION_LOST: LostPart = { component: 'generator', mode: 'joined_question' };
/** Sentences were chosen without knowing which words are rare. */
const WORDS_LOST: LostPart = { component: 'index', mode: 'equal_words' };

function lostPart(part: LostPart, reason: string, clock: Clock): Degradation {
  return { ...part, reason, since: isoTime(clock) };
}

const NOT_ANSWERED: Said = {
  answer: {
    text: 'The documents do not seem to answer this question; the closest passages are listed as results.',
    mode: 'generated',
    refused: true,
    reason: 'not_answered',
  },
  citations: [],
};

const NO_DOCUMENTS: Answer = {
  text: 'There are no documents yet: ingest some first.',
  mode: 'none',
  refused: true,
  reason: 'no_documents',
};

function noDocuments(request: SearchRequest): AskResponse {
  return {
    id: 'none',
    query: request.query,
    results: [],
    retrieval: { mode: request.mode, generation: '', embeddingModel: null },
    degraded: [],
    timingsMs: { total: 0 },
    answer: NO_DOCUMENTS,
    citations: [],
    cache: 'off',
  };
}
