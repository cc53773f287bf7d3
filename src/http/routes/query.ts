import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerEvent, Ask, AskRequest, AskStream } from '../../core/answer/answer.ts';
import type { Degradation, Search } from '../../core/retrieval/search.ts';
import { toFilter } from '../contract/filter.ts';
import { invalid, parse } from '../contract/parse.ts';
import { type QueryRequest, queryRequestSchema } from '../contract/query.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { acceptsEvents, sendEvents, type ServerSentEvent } from '../server-sent-events.ts';
import { collectionNamed, tenantOf } from '../tenant.ts';
import { toWireAnswerEvent, toWireAsk, toWireSearch } from '../wire/search.ts';
import { markDegraded } from './degraded-header.ts';

export interface QueryDependencies {
  readonly ask: Ask;
  readonly askStream: AskStream;
  readonly search: Search;
  readonly signalFor: SignalFor;
  readonly queryTimeoutMs: number;
  readonly searchTimeoutMs: number;
  readonly logger: Logger;
}

/** `POST /api/v1/rag/query`: a cited answer, as one object or as events, or search results. */
export function registerQuery(app: FastifyInstance, dependencies: QueryDependencies): void {
  const { ask, search, signalFor, queryTimeoutMs, searchTimeoutMs } = dependencies;
  app.post('/api/v1/rag/query', async (request, reply) => {
    const body = parse(queryRequestSchema, request.body);
    const question = toAskRequest(body);
    if (isStreamed(request, body)) return streamAnswer({ request, reply, question, dependencies });
    if (body.mode === 'search') {
      const signal = signalFor(request, reply, searchTimeoutMs);
      const found = await untilAborted(signal, search(question, signal));
      markDegraded(reply, found.degraded);
      return toWireSearch(found);
    }
    const signal = signalFor(request, reply, queryTimeoutMs);
    const answered = await untilAborted(signal, ask(question, signal));
    markDegraded(reply, answered.degraded);
    return toWireAsk(answered);
  });
}

function toAskRequest(body: QueryRequest): AskRequest {
  return {
    tenant: tenantOf(),
    query: body.query,
    collections: [...new Set(body.collections?.map(collectionNamed))],
    filter: toFilter(body.filter ?? {}),
    topK: body.top_k,
    mode: body.retrieval_mode,
    distinct: body.distinct,
    maxAnswerChars: body.max_answer_chars,
    ...(body.history === undefined ? {} : { history: body.history }),
  };
}

function isStreamed(request: FastifyRequest, body: QueryRequest): boolean {
  if (body.stream === true && body.mode === 'search') {
    throw invalid([{ name: 'stream', detail: 'Only mode "answer" can be streamed, got mode "search"' }]);
  }
  return body.mode === 'answer' && (body.stream ?? acceptsEvents(request));
}

interface StreamedQuestion {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly question: AskRequest;
  readonly dependencies: QueryDependencies;
}

function streamAnswer({ request, reply, question, dependencies }: StreamedQuestion): Promise<FastifyReply> {
  const signal = dependencies.signalFor(request, reply, dependencies.queryTimeoutMs);
  const known: Degradation[] = [];
  return sendEvents(reply, {
    events: toEvents(dependencies.askStream(question, signal), known),
    signal,
    logger: dependencies.logger,
    onFirst: () => markDegraded(reply, known),
  });
}

async function* toEvents(
  events: AsyncIterable<AnswerEvent>,
  known: Degradation[],
): AsyncGenerator<ServerSentEvent> {
  for await (const event of events) {
    if (event.type === 'retrieval') known.push(...event.data.degraded);
    yield { event: event.type, data: toWireAnswerEvent(event) };
  }
}
