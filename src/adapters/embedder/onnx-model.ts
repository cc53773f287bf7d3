import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pooling } from '../../core/models/embedding-profiles.ts';
import { importInstalled } from '../installed-package.ts';
import { field } from '../model-http/json-fields.ts';
import { loadBertTokenizer, type TokenBatch } from './bert-tokenizer.ts';

export interface OnnxModelOptions {
  /** Holds `model.onnx` (or `onnx/model.onnx`), `tokenizer.json` or `vocab.txt`, and maybe `config.json`. */
  readonly folder: string;
  readonly pooling: Pooling;
  readonly contextTokens: number;
  /** Threads of one inference. */
  readonly threads: number;
  /** The folder whose `node_modules` has `onnxruntime-node`. */
  readonly packageFolder: string;
}

/** One vector a text, not normalised. Blocks its thread. */
export type OnnxModel = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** What is used of `onnxruntime-node`. */
interface Runtime {
  readonly InferenceSession: {
    create(path: string, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, shape: readonly number[]) => unknown;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, Output>>>;
}

interface Output {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

const PACKAGE = 'onnxruntime-node';
const FILES = ['model.onnx', 'onnx/model.onnx'];
/** Outputs that are pooled already, as exporters call them. */
const POOLED = ['sentence_embedding', 'embedding'];
const BERT_POSITIONS = 512;

/** Loads an exported BERT encoder. @throws Error that says what is missing. */
export async function loadOnnxModel(options: OnnxModelOptions): Promise<OnnxModel> {
  const { folder, threads } = options;
  const file = FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`${folder} has no model.onnx`);
  const tokenize = await loadBertTokenizer(folder);
  const maxTokens = Math.min(options.contextTokens, await positionsOf(folder));
  const { InferenceSession, Tensor } = await importRuntime(options.packageFolder);
  const session = await InferenceSession.create(file, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const output = POOLED.find((name) => session.outputNames.includes(name)) ?? session.outputNames[0] ?? '';
  return async (texts) => {
    const batch = tokenize(texts, maxTokens);
    const shape = [batch.rows, batch.width];
    const feeds: Readonly<Record<string, BigInt64Array>> = {
      input_ids: batch.ids,
      attention_mask: batch.mask,
      token_type_ids: new BigInt64Array(batch.ids.length),
    };
    const inputs = session.inputNames.map((name) => {
      const data = feeds[name];
      if (data === undefined)
        throw new Error(`${file} wants the input ${name}: it is not an encoder for text`);
      return [name, new Tensor('int64', data, shape)] as const;
    });
    const found = (await session.run(Object.fromEntries(inputs)))[output];
    return found === undefined ? [] : rowsOf(found, batch, options.pooling);
  };
}

async function importRuntime(folder: string): Promise<Runtime> {
  const imported = await importInstalled(PACKAGE, folder);
  return (field(imported, 'default') ?? imported) as Runtime;
}

async function positionsOf(folder: string): Promise<number> {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return BERT_POSITIONS;
  const config: unknown = JSON.parse(await readFile(file, 'utf8'));
  const positions = field(config, 'max_position_embeddings');
  return typeof positions === 'number' ? positions : BERT_POSITIONS;
}

/** `[texts, dimensions]` as it is; `[texts, tokens, dimensions]` pooled. */
function rowsOf({ dims, data }: Output, batch: TokenBatch, pooling: Pooling): readonly Float32Array[] {
  const dimensions = dims.at(-1) ?? 0;
  const values = Float32Array.from(data);
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => {
    if (dims.length === 2) return values.slice(row * dimensions, (row + 1) * dimensions);
    const tokens = values.subarray(row * batch.width * dimensions, (row + 1) * batch.width * dimensions);
    return pooling === 'cls' ? tokens.slice(0, dimensions) : mean(tokens, { batch, row, dimensions });
  });
}

interface Row {
  readonly batch: TokenBatch;
  readonly row: number;
  readonly dimensions: number;
}

/** The mean of the tokens that are no padding; its scale does not matter, vectors are brought to unit length. */
function mean(tokens: Float32Array, { batch, row, dimensions }: Row): Float32Array {
  const sum = new Float32Array(dimensions);
  for (let token = 0; token < batch.width && batch.mask[row * batch.width + token] === 1n; token++) {
    for (let at = 0; at < dimensions; at++) sum[at] = (sum[at] ?? 0) + (tokens[token * dimensions + at] ?? 0);
  }
  return sum;
}
