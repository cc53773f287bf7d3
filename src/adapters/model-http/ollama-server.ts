import { ModelError, type ModelFailure } from '../../core/models/model-error.ts';
import { textsOf, field } from './json-fields.ts';
import { modelServer, type ModelServer } from './model-server.ts';

/** Where Ollama is. */
export interface OllamaOptions {
  /** `http://127.0.0.1:11434` */
  readonly url: string;
  /** As `ollama list` shows it. */
  readonly model: string;
  /** How long the model stays in memory after a call: `30m`, seconds, or `-1` for ever. Default: the server's. */
  readonly keepAlive?: string | undefined;
}

export function ollamaServer({ url }: OllamaOptions): ModelServer {
  const models = { path: '/api/tags', read: (body: unknown) => textsOf(field(body, 'models'), 'name') };
  return modelServer({ name: 'Ollama', url, classify, models });
}

/** Ollama answers 503 without `Retry-After` when its queue is full: it asks to wait, it is not broken. */
function classify(status: number, detail: string): ModelFailure | null {
  if (status === 404 && /\bmodel\b.*not found/i.test(detail)) return 'unknown_model';
  return status === 503 && /server busy|pending requests/i.test(detail) ? 'overloaded' : null;
}

/** The field `keep_alive`: Ollama takes seconds as a number and durations such as `30m` as text. */
export function keepAliveField({ keepAlive }: OllamaOptions): { readonly keep_alive?: string | number } {
  if (keepAlive === undefined) return {};
  return { keep_alive: /^-?\d+$/.test(keepAlive) ? Number(keepAlive) : keepAlive };
}

/**
 * Whether `/api/ps` lists the model as loaded, or being loaded. True also when the server does not know the route:
 * then nothing can be told. @throws ModelError when the server cannot be asked.
 */
export async function isLoadedOn(server: ModelServer, model: string, signal: AbortSignal): Promise<boolean> {
  try {
    const running = await (await server.get('/api/ps', signal)).json();
    return textsOf(field(running, 'models'), 'name').some((name) => untagged(name) === untagged(model));
  } catch (error) {
    if (error instanceof ModelError && CANNOT_TELL.has(error.failure)) return true;
    throw error;
  }
}

const CANNOT_TELL: ReadonlySet<ModelFailure> = new Set(['rejected', 'unusable', 'wrong_address']);

function untagged(model: string): string {
  return model.replace(/:latest$/, '');
}
