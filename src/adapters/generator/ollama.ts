import { ModelError } from '../../core/models/model-error.ts';
import type { GenerateRequest, Generator, GeneratorProfile } from '../../core/models/generator.ts';
import { brief, messageIn } from '../model-http/failures.ts';
import { field } from '../model-http/json-fields.ts';
import { parseJson, type ModelServer } from '../model-http/model-server.ts';
import { isLoadedOn, keepAliveField, ollamaServer, type OllamaOptions } from '../model-http/ollama-server.ts';
import { nonEmpty } from './non-empty.ts';

export interface OllamaGeneratorOptions extends OllamaOptions {
  /** Tokens of prompt and answer together. One value for all calls: another one makes Ollama load the model again. */
  readonly contextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

const CONTEXT_TOKENS = 8192;
const MAX_OUTPUT_TOKENS = 1024;

/** A language model behind Ollama's own API (`POST /api/chat`, NDJSON). Models that think are told not to. */
export function ollamaGenerator(options: OllamaGeneratorOptions): Generator {
  const server = ollamaServer(options);
  const profile: GeneratorProfile = {
    model: options.model,
    contextTokens: options.contextTokens ?? CONTEXT_TOKENS,
    maxOutputTokens: options.maxOutputTokens ?? MAX_OUTPUT_TOKENS,
    canStream: true,
  };
  const common = { model: options.model, ...keepAliveField(options) };
  const thinking = thinkingField(server, options.model);
  return {
    profile,
    generate: (request, signal) =>
      nonEmpty(
        server.place,
        stream(server, { ...common, ...chatFields(profile, request) }, { thinking, signal }),
      ),
    preload: async (signal) => {
      const empty = { ...common, messages: [], stream: false, options: { num_ctx: profile.contextTokens } };
      await (await server.post('/api/chat', empty, signal)).json();
      await thinking(signal);
    },
    isLoaded: async (signal) => isLoadedOn(server, options.model, signal),
  };
}

function chatFields({ contextTokens }: GeneratorProfile, request: GenerateRequest): object {
  const { messages, maxOutputTokens, temperature } = request;
  return {
    messages,
    stream: true,
    options: { num_ctx: contextTokens, num_predict: maxOutputTokens, temperature },
  };
}

type ThinkingField = (signal: AbortSignal) => Promise<{ readonly think?: false }>;

interface StreamOptions {
  readonly thinking: ThinkingField;
  readonly signal: AbortSignal;
}

async function* stream(
  server: ModelServer,
  body: object,
  { thinking, signal }: StreamOptions,
): AsyncGenerator<string> {
  const answer = await server.post('/api/chat', { ...body, ...(await thinking(signal)) }, signal);
  for await (const line of answer.lines()) {
    if (line.trim() === '') continue;
    const part = parseJson(server.place, line);
    const error = messageIn(part);
    if (error !== null)
      throw new ModelError('server_error', `${server.place} broke off its answer: ${brief(error)}`);
    const text = field(field(part, 'message'), 'content');
    if (typeof text === 'string' && text !== '') yield text;
    if (field(part, 'done') === true) return;
  }
  throw new ModelError('unusable', `${server.place} ended its answer in the middle`);
}

/**
 * `think: false` for a model that can think, which `/api/show` tells; asked until it is answered, then remembered.
 * A server that refuses to tell is not told anything either.
 */
function thinkingField(server: ModelServer, model: string): ThinkingField {
  let known: { readonly think?: false } | null = null;
  return async (signal) => {
    known ??= await askAbilities(server, model, signal);
    return known;
  };
}

async function askAbilities(
  server: ModelServer,
  model: string,
  signal: AbortSignal,
): Promise<{ readonly think?: false }> {
  try {
    const shown = await (await server.post('/api/show', { model }, signal)).json();
    const abilities = field(shown, 'capabilities');
    return Array.isArray(abilities) && abilities.includes('thinking') ? { think: false } : {};
  } catch (error) {
    if (error instanceof ModelError && REFUSALS.has(error.failure)) return {};
    throw error;
  }
}

/** The server is there, but does not know the route. An unknown model is not remembered: it may be pulled later. */
const REFUSALS: ReadonlySet<string> = new Set(['rejected', 'unusable', 'wrong_address']);
