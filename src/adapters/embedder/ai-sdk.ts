import { aiSdkFailure } from '../ai-sdk/failures.ts';
import { aiSdkModel, type AiSdkOptions } from '../ai-sdk/provider.ts';
import { field } from '../model-http/json-fields.ts';
import { modelEmbedder, type EmbeddingModelOptions, type ModelEmbedder } from './model-embedder.ts';

const MAX_BATCH = 32;

/**
 * An embedding model of any provider package of the AI SDK that is installed.
 * @throws HoldfastError `invalid_configuration` when the package is missing or has no such models.
 */
export async function aiSdkEmbedder(options: AiSdkOptions & EmbeddingModelOptions): Promise<ModelEmbedder> {
  const model = await aiSdkModel('embedding', options);
  const place = `${model.provider} (AI SDK)`;
  return modelEmbedder(options, {
    place,
    maxBatch: Math.min(MAX_BATCH, (await model.maxEmbeddingsPerCall) ?? MAX_BATCH),
    embed: async (texts, signal) => {
      signal.throwIfAborted();
      try {
        return field(await model.doEmbed({ values: [...texts], abortSignal: signal }), 'embeddings');
      } catch (error) {
        throw aiSdkFailure(place, error, signal);
      }
    },
  });
}
