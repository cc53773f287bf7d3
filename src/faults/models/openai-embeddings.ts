import type { Call } from './call.ts';
import { fieldsOf } from './fields.ts';
import { tokensOf } from './hashed-embedding.ts';
import { badParameter, findModel, type OpenAi } from './openai-state.ts';
import { sendVectors, shortened, vectorsOf } from './vectors.ts';

const INPUTS = 2048;

/** `POST /v1/embeddings`, with `encoding_format` float or base64 (little-endian float32) and `dimensions`. */
export async function openAiEmbeddings(openai: OpenAi, call: Call): Promise<void> {
  const body = fieldsOf(call.body);
  const model = findModel(openai, body['model']);
  const texts = inputOf(body['input']);
  const length = lengthOf(body['dimensions'], model.dimension);
  const isBase64 = isBase64Of(body['encoding_format']);
  const tooLong = texts.findIndex((text) => tokensOf(text).length > model.contextLength);
  if (tooLong >= 0)
    throw badParameter(
      'input',
      `Invalid 'input[${tooLong}]': maximum context length is ${model.contextLength} tokens.`,
    );
  await openai.shelf.load(model, call);
  const vectors = vectorsOf(texts, model.dimension, call.knobs.embeddings);
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text).length, 0);
  const data = vectors.map((whole, index) => {
    const vector = length === model.dimension ? whole : shortened(whole, length);
    return { object: 'embedding', index, embedding: isBase64 ? base64Of(vector) : vector };
  });
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  await sendVectors(call, { object: 'list', data, model: model.name, usage });
}

function inputOf(input: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0 || list.length > INPUTS || list.some((one) => typeof one !== 'string' || one === ''))
    throw badParameter('input', "'$.input' is invalid. Please check the API reference.");
  return list.map(String);
}

function lengthOf(dimensions: unknown, most: number): number {
  if (dimensions === undefined || dimensions === null) return most;
  if (Number.isSafeInteger(dimensions) && Number(dimensions) >= 1 && Number(dimensions) <= most)
    return Number(dimensions);
  throw badParameter('dimensions', `Invalid value for 'dimensions': must be from 1 to ${most}.`);
}

function isBase64Of(format: unknown): boolean {
  if (format === undefined || format === 'float' || format === 'base64') return format === 'base64';
  throw badParameter('encoding_format', "Invalid value for 'encoding_format': must be 'float' or 'base64'.");
}

function base64Of(vector: readonly (number | null)[]): string {
  const floats = Float32Array.from(vector, (value) => value ?? Number.NaN);
  return Buffer.from(floats.buffer).toString('base64');
}
