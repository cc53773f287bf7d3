import type { IncomingMessage } from 'node:http';
import { sendJson, sendText, WireError, type Call } from './call.ts';
import { composedAnswer, type Answer } from './composed-answer.ts';
import type { CallKind } from './knobs.ts';
import { openAiChat } from './openai-chat.ts';
import { openAiEmbeddings } from './openai-embeddings.ts';
import { findModel, openAiError, type OpenAi } from './openai-state.ts';
import { rerank } from './rerank.ts';
import { createShelf, DEFAULT_MODELS, type StandInModel } from './shelf.ts';
import { startStandIn, type StandIn, type StandInOptions, type WireFormat } from './stand-in.ts';

export interface OpenAiStandInOptions extends StandInOptions {
  /** @default `all-minilm` (384 numbers) and `tiny` (chat) */
  readonly models?: readonly StandInModel[];
  /** What the chat says. @default made from the numbered passages of the prompt */
  readonly answer?: Answer;
  /** The key that calls must carry as `Authorization: Bearer KEY`. @default none is needed */
  readonly apiKey?: string;
}

type Handler = (openai: OpenAi, call: Call) => Promise<void> | void;

const ROUTES: Readonly<Record<string, readonly [CallKind, Handler]>> = {
  'GET /v1/models': ['models', listModels],
  'POST /v1/embeddings': ['embed', openAiEmbeddings],
  'POST /v1/chat/completions': ['chat', openAiChat],
  'POST /rerank': ['rerank', rerank],
  'POST /v1/rerank': ['rerank', rerank],
};
const ONE_MODEL = '/v1/models/';

/**
 * A server that speaks the wire format of OpenAI, and that of Jina and Cohere for `/rerank`, without a model.
 * Held to real servers by `test/models/openai-contract.ts`.
 */
export async function openaiStandIn(options: OpenAiStandInOptions = {}): Promise<StandIn> {
  return startStandIn(options, (counters): WireFormat => {
    const shelf = createShelf(options.models ?? DEFAULT_MODELS, counters);
    const openai = { shelf, counters, answer: options.answer ?? composedAnswer };
    return {
      kindOf: (method, path) => routeOf(method, path)?.[0] ?? null,
      async handle(call) {
        const [, handler] = routeOf(call.method, call.path) ?? [];
        if (call.method === 'POST' && call.body === undefined)
          throw new WireError(400, 'We could not parse the JSON body of your request.');
        await handler?.(openai, call);
      },
      admit: (request) => checkKey(request, options.apiKey),
      errorBody: openAiError,
      notFound(response, path) {
        const body = openAiError(404, `Invalid URL (${path})`);
        sendText(response, { status: 404, type: 'application/json', text: JSON.stringify(body) });
      },
      unload: () => shelf.unload(),
    };
  });
}

function routeOf(method: string, path: string): readonly [CallKind, Handler] | undefined {
  if (method === 'GET' && path.startsWith(ONE_MODEL)) return ['models', showModel];
  return ROUTES[`${method} ${path}`];
}

function checkKey({ headers }: IncomingMessage, key: string | undefined): void {
  if (key === undefined || headers.authorization === `Bearer ${key}`) return;
  const message =
    headers.authorization === undefined
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
      : 'Incorrect API key provided.';
  throw new WireError(401, message);
}

function listModels({ shelf }: OpenAi, call: Call): void {
  sendJson(call, 200, { object: 'list', data: shelf.models.map(entryOf) });
}

function showModel(openai: OpenAi, call: Call): void {
  const name = decodeURIComponent(call.path.slice(ONE_MODEL.length));
  sendJson(call, 200, entryOf(findModel(openai, name)));
}

function entryOf({ name }: StandInModel): unknown {
  return { id: name, object: 'model', created: 1_767_225_600, owned_by: 'holdfast-faults' };
}
