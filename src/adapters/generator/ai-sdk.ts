import { ModelError } from '../../core/models/model-error.ts';
import type { GenerateRequest, Generator, GeneratorProfile, Message } from '../../core/models/generator.ts';
import { aiSdkFailure } from '../ai-sdk/failures.ts';
import { aiSdkModel, type AiSdkLanguageModel, type AiSdkOptions } from '../ai-sdk/provider.ts';
import { brief } from '../model-http/failures.ts';
import { field } from '../model-http/json-fields.ts';
import { nonEmpty } from './non-empty.ts';

export interface AiSdkGeneratorOptions extends AiSdkOptions {
  readonly contextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

const CONTEXT_TOKENS = 8192;
const MAX_OUTPUT_TOKENS = 1024;
const PING = { messages: [{ role: 'user', content: 'Hi' }], maxOutputTokens: 1, temperature: 0 } as const;

/**
 * A language model of any provider package of the AI SDK that is installed.
 * @throws HoldfastError `invalid_configuration` when the package is missing or has no such models.
 */
export async function aiSdkGenerator(options: AiSdkGeneratorOptions): Promise<Generator> {
  const model = await aiSdkModel('language', options);
  const place = `${model.provider} (AI SDK)`;
  const profile: GeneratorProfile = {
    model: options.model,
    contextTokens: options.contextTokens ?? CONTEXT_TOKENS,
    maxOutputTokens: options.maxOutputTokens ?? MAX_OUTPUT_TOKENS,
    canStream: true,
  };
  return {
    profile,
    generate: (request, signal) => nonEmpty(place, pieces({ model, place }, request, signal)),
    preload: async (signal) => {
      const parts = pieces({ model, place }, PING, signal);
      for await (const _ of parts) break;
    },
  };
}

interface Source {
  readonly model: AiSdkLanguageModel;
  readonly place: string;
}

async function* pieces(
  { model, place }: Source,
  request: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  signal.throwIfAborted();
  const { messages, maxOutputTokens, temperature } = request;
  const call = { prompt: messages.map(promptOf), maxOutputTokens, temperature, abortSignal: signal };
  let isFinished = false;
  try {
    for await (const part of (await model.doStream(call)).stream) {
      const type = field(part, 'type');
      if (type === 'error') throw field(part, 'error');
      const text = type === 'text-delta' ? field(part, 'delta') : undefined;
      if (typeof text === 'string' && text !== '') yield text;
      isFinished ||= type === 'finish' && !isFailure(field(part, 'finishReason'));
    }
  } catch (error) {
    throw streamFailure(place, error, signal);
  }
  signal.throwIfAborted();
  if (!isFinished) throw new ModelError('unusable', `${place} ended its answer in the middle`);
}

/** Version 2 says the reason as a text, later ones as `{unified, raw}`. */
function isFailure(reason: unknown): boolean {
  return (typeof reason === 'string' ? reason : field(reason, 'unified')) === 'error';
}

/** An error part holds whatever the server sent: an `Error`, a text or an object. */
function streamFailure(place: string, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Error || signal.aborted) return aiSdkFailure(place, error, signal);
  const text = typeof error === 'string' ? error : String(field(error, 'message') ?? JSON.stringify(error));
  return new ModelError('server_error', `${place} broke off its answer: ${brief(text)}`);
}

function promptOf({ role, content }: Message): object {
  return role === 'system' ? { role, content } : { role, content: [{ type: 'text', text: content }] };
}
