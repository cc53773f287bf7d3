import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { firstDocument, stop } from './server-process.ts';

export const MODEL_NAMES = ['embedder', 'generator', 'reranker'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** Stand-ins for the models and the fault proxies before them, in a process of their own. */
export interface Models extends AsyncDisposable {
  /** Settings of a server that uses all three. */
  readonly environment: Readonly<Record<string, string>>;
  /** Adds a fault of the connection. */
  addToxic(model: ModelName, toxic: Readonly<Record<string, unknown>>): Promise<void>;
  /** Turns knobs of the stand-in. */
  turn(model: ModelName, knobs: Readonly<Record<string, unknown>>): Promise<void>;
  /** Removes all faults. */
  heal(): Promise<void>;
}

interface Places {
  readonly control: string;
  readonly places: readonly { readonly name: string; readonly url: string; readonly knobs: string }[];
}

const ENTRY = fileURLToPath(new URL('models-process.ts', import.meta.url));

/** Starts the process; everything listens on free ports of 127.0.0.1. */
export async function startModels(): Promise<Models> {
  const child = spawn(process.execPath, [ENTRY], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  const { control, places } = (await firstDocument(child)) as Places;
  const placeOf = (model: ModelName) => {
    const place = places.find(({ name }) => name === model);
    if (place === undefined) throw new Error(`there is no stand-in for the ${model}`);
    return place;
  };
  return {
    environment: {
      HOLDFAST_EMBEDDER: 'ollama',
      HOLDFAST_EMBEDDING_MODEL: 'all-minilm',
      HOLDFAST_OLLAMA_URL: placeOf('embedder').url,
      HOLDFAST_GENERATOR: 'openai',
      HOLDFAST_GENERATION_MODEL: 'tiny',
      HOLDFAST_OPENAI_URL: placeOf('generator').url,
      HOLDFAST_RERANKER: 'http',
      HOLDFAST_RERANKER_URL: placeOf('reranker').url,
    },
    addToxic: async (model, toxic) => call('POST', `${control}/proxies/${model}/toxics`, toxic),
    turn: async (model, knobs) => call('PATCH', placeOf(model).knobs, knobs),
    heal: async () => {
      for (const model of MODEL_NAMES) {
        await call('DELETE', `${control}/proxies/${model}/toxics`);
        await call('DELETE', placeOf(model).knobs);
      }
    },
    [Symbol.asyncDispose]: async () => stop(child),
  };
}

async function call(method: string, url: string, body?: unknown): Promise<void> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, ...sent });
  if (!response.ok) throw new Error(`${method} ${url}: status ${response.status} ${await response.text()}`);
  await response.body?.cancel();
}
