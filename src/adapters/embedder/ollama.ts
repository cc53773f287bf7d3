import { field } from '../model-http/json-fields.ts';
import { isLoadedOn, keepAliveField, ollamaServer, type OllamaOptions } from '../model-http/ollama-server.ts';
import { modelEmbedder, type EmbeddingModelOptions, type ModelEmbedder } from './model-embedder.ts';

const MAX_BATCH = 32;

/**
 * An embedding model behind Ollama's own API (`POST /api/embed`). Texts longer than the model's context are cut by
 * the server.
 */
export function ollamaEmbedder(options: OllamaOptions & EmbeddingModelOptions): ModelEmbedder {
  const server = ollamaServer(options);
  return modelEmbedder(options, {
    place: server.place,
    maxBatch: MAX_BATCH,
    isLoaded: async (signal) => isLoadedOn(server, options.model, signal),
    embed: async (input, signal) => {
      const body = { model: options.model, input, truncate: true, ...keepAliveField(options) };
      const answer = await server.post('/api/embed', body, signal);
      return field(await answer.json(), 'embeddings');
    },
  });
}
