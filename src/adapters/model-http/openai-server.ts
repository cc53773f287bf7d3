import type { ModelFailure } from '../../core/models/model-error.ts';
import { field, textsOf } from './json-fields.ts';
import { modelServer, type ModelServer } from './model-server.ts';

/** Where a server is that speaks OpenAI's API: vLLM, llama.cpp, LM Studio, OpenAI itself. */
export interface OpenaiOptions {
  /** `https://api.openai.com/v1`; without a path, `/v1` is put behind it. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export function openaiServer({ url, apiKey, fetch }: OpenaiOptions): ModelServer {
  const base = new URL(url).pathname === '/' ? `${url.replace(/\/+$/, '')}/v1` : url;
  const models = { path: '/models', read: (body: unknown) => textsOf(field(body, 'data'), 'id') };
  return modelServer({ name: 'the OpenAI-compatible server', url: base, apiKey, fetch, classify, models });
}

/** Servers word it in many ways, with status 404 or 400, but never without the word "model". */
function classify(status: number, detail: string): ModelFailure | null {
  const isUnknown =
    /\bmodels?\b.*\b(not found|does ?n[o']t exist|not exist|unknown|not loaded|no models?)/i.test(detail);
  return (status === 404 || status === 400) && isUnknown ? 'unknown_model' : null;
}
