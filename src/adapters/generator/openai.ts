import { ModelError } from '../../core/models/model-error.ts';
import type { GenerateRequest, Generator, GeneratorProfile } from '../../core/models/generator.ts';
import { brief, failureOfStatus, messageIn } from '../model-http/failures.ts';
import { field } from '../model-http/json-fields.ts';
import { parseJson } from '../model-http/model-server.ts';
import { openaiServer, type OpenaiOptions } from '../model-http/openai-server.ts';
import { serverSentEvents } from '../model-http/server-sent-events.ts';
import { nonEmpty } from './non-empty.ts';

export interface OpenaiGeneratorOptions extends OpenaiOptions {
  readonly contextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** The field that bounds the answer. Newer models of OpenAI know only `max_completion_tokens`. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined;
}

const CONTEXT_TOKENS = 8192;
const MAX_OUTPUT_TOKENS = 1024;

/**
 * A language model behind OpenAI's API (`POST /v1/chat/completions`). Streams server-sent events; a server that
 * ignores `stream` and answers with one JSON object is understood too.
 */
export function openaiGenerator(options: OpenaiGeneratorOptions): Generator {
  const server = openaiServer(options);
  const profile: GeneratorProfile = {
    model: options.model,
    contextTokens: options.contextTokens ?? CONTEXT_TOKENS,
    maxOutputTokens: options.maxOutputTokens ?? MAX_OUTPUT_TOKENS,
    canStream: true,
  };
  const pieces = async function* (request: GenerateRequest, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await server.post('/chat/completions', chatBody(options, request), signal);
    if (/\bjson\b/i.test(answer.contentType)) yield wholeText(server.place, await answer.json());
    else yield* streamedText(server.place, answer.lines());
  };
  return {
    profile,
    generate: (request, signal) => nonEmpty(server.place, pieces(request, signal)),
    /** These servers have their model loaded, so that one token is asked for. */
    preload: async (signal) => {
      const request = {
        messages: [{ role: 'user', content: 'Hi' }],
        maxOutputTokens: 1,
        temperature: 0,
      } as const;
      const body = { ...chatBody(options, request), stream: false };
      await (await server.post('/chat/completions', body, signal)).json();
    },
  };
}

function chatBody(
  { model, maxTokensField = 'max_tokens' }: OpenaiGeneratorOptions,
  request: GenerateRequest,
): object {
  const { messages, maxOutputTokens, temperature } = request;
  return { model, messages, stream: true, temperature, [maxTokensField]: maxOutputTokens };
}

function wholeText(place: string, body: unknown): string {
  const error = errorIn(place, body);
  if (error !== null) throw error;
  const text = field(field(firstChoice(body), 'message'), 'content');
  if (typeof text !== 'string') throw new ModelError('unusable', `${place} answered without a message`);
  return text;
}

/** `[DONE]` or a reason to finish ends an answer; without either it was cut off. */
async function* streamedText(place: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
  let isFinished = false;
  for await (const { event, data } of serverSentEvents(lines)) {
    if (data === '[DONE]') return;
    const part = parseJson(place, data);
    const error = errorIn(place, part, event);
    if (error !== null) throw error;
    const choice = firstChoice(part);
    const text = field(field(choice, 'delta'), 'content');
    if (typeof text === 'string' && text !== '') yield text;
    isFinished ||= typeof field(choice, 'finish_reason') === 'string';
  }
  if (!isFinished) throw new ModelError('unusable', `${place} ended its answer in the middle`);
}

function firstChoice(body: unknown): unknown {
  const choices = field(body, 'choices');
  return Array.isArray(choices) ? choices[0] : undefined;
}

/** An error object where a part of the answer was due; some servers give it a status as `code`. */
function errorIn(place: string, body: unknown, event = 'message'): ModelError | null {
  if ((field(body, 'error') ?? null) === null && event !== 'error') return null;
  const code = Number(field(field(body, 'error'), 'code') ?? field(body, 'code'));
  const failure = code >= 400 && code < 600 ? failureOfStatus(code, null) : 'server_error';
  const text = messageIn(body) ?? JSON.stringify(body);
  return new ModelError(failure, `${place} broke off its answer: ${brief(text)}`);
}
