import { sendJson, WireError, type Call } from './call.ts';
import { fieldsOf, nanoseconds } from './fields.ts';
import { tokensOf } from './hashed-embedding.ts';
import type { Ollama } from './ollama-state.ts';
import { findModel, isKeptAlive, nameOf } from './ollama-models.ts';
import { sendVectors, vectorsOf } from './vectors.ts';

/** `POST /api/embed`. Without input it loads the model and answers with no vectors. */
export async function ollamaEmbed(ollama: Ollama, call: Call): Promise<void> {
  const began = performance.now();
  const body = fieldsOf(call.body);
  const texts = inputOf(body['input']);
  const name = nameOf(body['model'], 'EmbedRequest');
  const isKept = isKeptAlive(body['keep_alive']);
  const model = findModel(ollama, name);
  const loadMs = await ollama.shelf.load(model, call);
  if (!isKept) ollama.shelf.unload(model);
  if (texts.length === 0) return sendJson(call, 200, { model: name, embeddings: [] });
  const counts = texts.map((text) => tokensOf(text).length);
  if (body['truncate'] === false && counts.some((count) => count > model.contextLength))
    throw new WireError(400, 'input length exceeds maximum context length');
  const embeddings = vectorsOf(texts, model.dimension, call.knobs.embeddings);
  await sendVectors(call, {
    model: name,
    embeddings,
    total_duration: nanoseconds(performance.now() - began),
    load_duration: nanoseconds(loadMs),
    prompt_eval_count: counts.reduce((sum, count) => sum + Math.min(count, model.contextLength), 0),
  });
}

function inputOf(input: unknown): readonly string[] {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.every((one) => typeof one === 'string')) return input;
  throw new WireError(400, 'invalid input type');
}
