import { resolve } from 'node:path';
import {
  adapter,
  choice,
  integer,
  InvalidValue,
  optionalInteger,
  optionalText,
  secret,
  text,
  url,
} from './setting.ts';
import type { Setting } from './setting.ts';

/** Which models are used, and where they are. */
export const MODEL_SETTINGS = {
  embedder: adapter(
    {
      name: 'HOLDFAST_EMBEDDER',
      default: 'static',
      description: 'What turns text into vectors. `static` is built in and needs no server.',
    },
    ['static', 'ollama', 'openai', 'onnx'],
  ),
  generator: adapter(
    {
      name: 'HOLDFAST_GENERATOR',
      default: 'extractive',
      description: 'What writes answers. `extractive` quotes the documents and needs no model.',
    },
    ['extractive', 'ollama', 'openai'],
  ),
  reranker: adapter(
    {
      name: 'HOLDFAST_RERANKER',
      default: 'none',
      description:
        'What puts results into a better order. `http` is a server with the common `/rerank` route.',
    },
    ['none', 'http'],
  ),
  embeddingModel: optionalText({
    name: 'HOLDFAST_EMBEDDING_MODEL',
    type: 'name of a model',
    description: 'The embedding model, as its server calls it. Another one indexes documents anew.',
  }),
  embeddingDimensions: optionalInteger({
    name: 'HOLDFAST_EMBEDDING_DIMENSIONS',
    min: 8,
    max: 8192,
    default: "the model's own",
    description: 'How many dimensions to keep of a Matryoshka model. Fewer need less memory.',
  }),
  staticVectors: choice(
    {
      name: 'HOLDFAST_STATIC_VECTORS',
      default: 'on',
      description:
        'Whether passages keep built-in vectors beside those of another embedding model. `off` saves 256 bytes a passage.',
    },
    ['on', 'off'],
  ),
  generationModel: optionalText({
    name: 'HOLDFAST_GENERATION_MODEL',
    type: 'name of a model',
    description: 'The language model that writes answers, as its server calls it.',
  }),
  ollamaUrl: url({
    name: 'HOLDFAST_OLLAMA_URL',
    default: 'http://127.0.0.1:11434',
    description: 'Where Ollama is.',
  }),
  keepAlive: text(
    {
      name: 'HOLDFAST_KEEP_ALIVE',
      type: 'seconds, a time such as `30m`, or `-1` for ever',
      default: '-1',
      description: 'How long Ollama keeps a model in memory after its last use.',
    },
    requireKeepAlive,
  ),
  canarySeconds: integer({
    name: 'HOLDFAST_CANARY_SECONDS',
    min: 0,
    max: 3600,
    default: 10,
    description: 'How often the models are asked whether they work, in seconds. 0: only questions tell.',
  }),
  openaiUrl: url({
    name: 'HOLDFAST_OPENAI_URL',
    default: undefined,
    description: 'Where a server with the API of OpenAI is, such as vLLM, llama.cpp or LM Studio.',
  }),
  openaiApiKey: secret({
    name: 'HOLDFAST_OPENAI_API_KEY',
    description: 'The key for that server.',
  }),
  onnxFolder: {
    ...optionalText({
      name: 'HOLDFAST_ONNX_FOLDER',
      type: 'path',
      description:
        'The folder with `model.onnx` and `tokenizer.json` or `vocab.txt`, for the embedder `onnx`.',
    }),
    parse: (raw: string) => resolve(raw),
  },
  rerankerUrl: url({
    name: 'HOLDFAST_RERANKER_URL',
    default: undefined,
    description: 'Where the reranker is. `/rerank` is put behind it unless it ends so.',
  }),
  rerankerModel: optionalText({
    name: 'HOLDFAST_RERANKER_MODEL',
    type: 'name of a model',
    description: 'The reranking model, for servers that have several.',
  }),
  rerankerApiKey: secret({
    name: 'HOLDFAST_RERANKER_API_KEY',
    description: 'The key for the reranker.',
  }),
} as const satisfies Record<string, Setting<unknown>>;

function requireKeepAlive(raw: string): void {
  if (/^(-1|\d+|(\d+(\.\d+)?(ms|s|m|h))+)$/.test(raw)) return;
  throw new InvalidValue(`is "${raw}", expected seconds, a time such as 30m, or -1`);
}
