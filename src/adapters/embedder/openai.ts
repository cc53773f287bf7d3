import { ModelError } from '../../core/models/model-error.ts';
import { field } from '../model-http/json-fields.ts';
import { openaiServer, type OpenaiOptions } from '../model-http/openai-server.ts';
import { modelEmbedder, type EmbeddingModelOptions, type ModelEmbedder } from './model-embedder.ts';

const MAX_BATCH = 32;

/**
 * An embedding model behind OpenAI's API (`POST /v1/embeddings`), with embeddings as numbers or as base64. The
 * field `dimensions` is sent only when set: many servers refuse it.
 */
export function openaiEmbedder(options: OpenaiOptions & EmbeddingModelOptions): ModelEmbedder {
  const server = openaiServer(options);
  const { model, dimensions } = options;
  return modelEmbedder(options, {
    place: server.place,
    maxBatch: MAX_BATCH,
    embed: async (input, signal) => {
      const body = { model, input, ...(dimensions === undefined ? {} : { dimensions }) };
      const answer = await server.post('/embeddings', body, signal);
      return embeddingsOf(server.place, await answer.json());
    },
  });
}

/** In the order of the texts: by `index` where the server says it. */
function embeddingsOf(place: string, body: unknown): unknown {
  const data = field(body, 'data');
  if (!Array.isArray(data)) return undefined;
  const embeddings: unknown[] = Array.from({ length: data.length });
  const taken = new Set<number>();
  for (const [position, one] of data.entries()) {
    const index = field(one, 'index') ?? position;
    if (typeof index !== 'number' || !(index in embeddings) || taken.has(index))
      throw new ModelError(
        'unusable',
        `${place} answered with embedding ${JSON.stringify(index)} of ${data.length}`,
      );
    taken.add(index);
    embeddings[index] = decoded(field(one, 'embedding'));
  }
  return embeddings;
}

/** Base64 holds 32-bit floats, little-endian. */
function decoded(embedding: unknown): unknown {
  if (typeof embedding !== 'string') return embedding;
  const bytes = Buffer.from(embedding, 'base64');
  const vector = new Float32Array(Math.floor(bytes.length / 4));
  for (let i = 0; i < vector.length; i++) vector[i] = bytes.readFloatLE(i * 4);
  return vector;
}
