import type { ServerResponse } from 'node:http';
import { sendText, WireError, type Call } from './call.ts';
import type { Answer } from './composed-answer.ts';
import { composedAnswer } from './composed-answer.ts';
import type { CallKind } from './knobs.ts';
import { ollamaChat, ollamaGenerate } from './ollama-chat.ts';
import { ollamaEmbed } from './ollama-embed.ts';
import type { Ollama } from './ollama-state.ts';
import { ollamaRunning, ollamaShow, ollamaTags, ollamaVersion } from './ollama-models.ts';
import { createShelf, DEFAULT_MODELS, type StandInModel } from './shelf.ts';
import { startStandIn, type StandIn, type StandInOptions, type WireFormat } from './stand-in.ts';

export interface OllamaStandInOptions extends StandInOptions {
  /** @default `all-minilm` (384 numbers) and `tiny` (chat) */
  readonly models?: readonly StandInModel[];
  /** What the chat says. @default made from the numbered passages of the prompt */
  readonly answer?: Answer;
}

type Handler = (ollama: Ollama, call: Call) => Promise<void> | void;

const ROUTES: Readonly<Record<string, readonly [CallKind, Handler]>> = {
  'GET /': ['models', (_, { response }) => sendText(response, plain(200, 'Ollama is running'))],
  'GET /api/version': ['models', ollamaVersion],
  'GET /api/tags': ['models', ollamaTags],
  'GET /api/ps': ['models', ollamaRunning],
  'POST /api/show': ['models', ollamaShow],
  'POST /api/embed': ['embed', ollamaEmbed],
  'POST /api/chat': ['chat', ollamaChat],
  'POST /api/generate': ['chat', ollamaGenerate],
};

/**
 * A server that speaks the native wire format of Ollama 0.9.6 without a model: vectors are hashes of words, answers are
 * composed from the prompt. Held to the real server by `test/models/ollama-contract.ts`.
 */
export async function ollamaStandIn(options: OllamaStandInOptions = {}): Promise<StandIn> {
  return startStandIn(options, (counters): WireFormat => {
    const shelf = createShelf(options.models ?? DEFAULT_MODELS, counters);
    const ollama = { shelf, counters, answer: options.answer ?? composedAnswer };
    return {
      kindOf: (method, path) => routeOf(method, path)?.[0] ?? null,
      async handle(call) {
        const [, handler] = routeOf(call.method, call.path) ?? [];
        if (call.method === 'POST' && call.body === undefined)
          throw new WireError(400, 'missing request body');
        await handler?.(ollama, call);
      },
      errorBody: (_, message) => ({ error: message }),
      notFound: sendNotFound,
      unload: () => shelf.unload(),
    };
  });
}

/** `HEAD` is answered as `GET`; Node leaves the body out. */
function routeOf(method: string, path: string): readonly [CallKind, Handler] | undefined {
  return ROUTES[`${method === 'HEAD' ? 'GET' : method} ${path}`];
}

function sendNotFound(response: ServerResponse, path: string): void {
  const allowed = ['HEAD', 'GET', 'POST'].filter((method) => routeOf(method, path) !== undefined);
  if (allowed.length === 0) return sendText(response, plain(404, '404 page not found'));
  response.setHeader('allow', allowed.join(', '));
  sendText(response, plain(405, '405 method not allowed'));
}

function plain(status: number, text: string): { status: number; type: string; text: string } {
  return { status, type: 'text/plain', text };
}
