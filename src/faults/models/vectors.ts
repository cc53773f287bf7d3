import { pause, sendJson, sendText, type Call } from './call.ts';
import { hashedEmbedding, unit } from './hashed-embedding.ts';
import type { Knobs } from './knobs.ts';

/** The vectors of the texts, made wrong as the knob says. */
export function vectorsOf(
  texts: readonly string[],
  dimension: number,
  fault: Knobs['embeddings'],
): (readonly (number | null)[])[] {
  const length = fault === 'wrong_dimension' ? dimension + 1 : dimension;
  const vectors = texts.map((text) => hashedEmbedding(text, length).map(asFloat32));
  switch (fault) {
    case 'none':
      return [];
    case 'wrong_count':
      return vectors.slice(1);
    case 'empty':
      return vectors.map(() => []);
    case 'zero':
      return vectors.map((vector) => vector.map(() => 0));
    case 'null':
    case 'nan':
    case 'infinite':
      return vectors.map((vector) => vector.map((value, index) => (index === 0 ? null : value)));
    default:
      return vectors;
  }
}

/** The first numbers of each vector, scaled to length 1 again. */
export function shortened(vector: readonly (number | null)[], length: number): readonly (number | null)[] {
  if (vector.length <= length || vector.includes(null)) return vector.slice(0, length);
  return unit(vector.slice(0, length).map(Number));
}

/** As short as a float32 is written. */
function asFloat32(value: number): number {
  return Number(value.toPrecision(8));
}

/** What stands in the text in place of a number: no JSON, or a number that becomes `Infinity`. */
const LITERALS: Readonly<Record<string, string>> = { nan: '[NaN,', infinite: '[1e999,' };

/** Answers with vectors after `delayMs`. */
export async function sendVectors(call: Call, value: unknown): Promise<void> {
  await pause(call.knobs.delayMs, call.signal);
  const literal = LITERALS[call.knobs.embeddings ?? ''];
  if (literal === undefined) return sendJson(call, 200, value);
  const text = JSON.stringify(value).replaceAll('[null,', literal);
  sendText(call.response, { status: 200, type: 'application/json; charset=utf-8', text });
}
