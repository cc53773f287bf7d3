import { basename } from 'node:path';
import { embeddingModelProfile } from '../../core/models/embedding-profiles.ts';
import { modelEmbedder, type EmbeddingModelOptions, type ModelEmbedder } from './model-embedder.ts';
import { onnxThread } from './onnx-thread.ts';

export interface OnnxOptions extends Omit<EmbeddingModelOptions, 'model'> {
  /** Holds `model.onnx` and `tokenizer.json` or `vocab.txt` of an uncased BERT encoder. */
  readonly folder: string;
  /** Chooses the profile. @default the name of the folder */
  readonly model?: string | undefined;
  /** Threads of one inference. @default 1 */
  readonly threads?: number | undefined;
  /** The folder whose `node_modules` has `onnxruntime-node`. @default the working folder */
  readonly packageFolder?: string | undefined;
}

export interface OnnxEmbedder extends ModelEmbedder, AsyncDisposable {}

/** Few texts a call, so that a question does not wait long behind passages. */
const MAX_BATCH = 8;

/**
 * An embedding model on this machine, run by `onnxruntime-node` (optional peer dependency) in a thread of its own.
 * @throws HoldfastError `invalid_configuration` when the package or a file is missing.
 */
export async function onnxEmbedder(options: OnnxOptions): Promise<OnnxEmbedder> {
  const { model: named = '' } = options;
  const model = named === '' ? basename(options.folder) : named;
  const { pooling, contextTokens } = { ...embeddingModelProfile(model), ...options.profile };
  const thread = onnxThread({
    folder: options.folder,
    pooling,
    contextTokens,
    threads: options.threads ?? 1,
    packageFolder: options.packageFolder ?? process.cwd(),
  });
  await thread.load();
  const embedder = modelEmbedder(
    { ...options, model },
    {
      place: `the ONNX model in ${options.folder}`,
      maxBatch: MAX_BATCH,
      cutsTexts: true,
      embed: thread.embed,
    },
  );
  return Object.assign(embedder, { [Symbol.asyncDispose]: thread.stop });
}
