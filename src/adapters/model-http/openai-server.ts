import type { ModelFailure } from '../../core/models/model-error.ts';
import { namesUnknownModel } from './failures.ts';
import { field, textsOf } from './json-fields.ts';
import { modelServer, type ModelServer } from './model-server.ts';

/** Where a server is that speaks OpenAI's API: vLLM, llama.cpp, LM Studio, OpenAI itself. */
export interface OpenaiOptions {
  /** `https://api.openai.com/v1`; without a path, `/v1` is put behind it. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
}

export function openaiServer({ url, apiKey }: OpenaiOptions): ModelServer {
  const base = new URL(url).pathname === '/' ? `${url.replace(/\/+$/, '')}/v1` : url;
  const models = { path: '/models', read: (body: unknown) => textsOf(field(body, 'data'), 'id') };
  return modelServer({ name: 'the OpenAI-compatible server', url: base, apiKey, classify, models });
}

/** llama.cpp answers 503 while it loads its model. */
function classify(status: number, detail: string): ModelFailure | null {
  if (status === 503 && /\bloading model\b/i.test(detail)) return 'warming';
  return namesUnknownModel(status, detail) ? 'unknown_model' : null;
}
