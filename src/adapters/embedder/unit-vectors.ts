import { ModelError } from '../../core/models/model-error.ts';

/** What a model's answer has to look like, and what becomes of it. */
export interface VectorShape {
  /** Who answered, for messages. */
  readonly place: string;
  readonly count: number;
  /** Components of each vector; null: whatever the first one has. */
  readonly received: number | null;
  /** Leading components that are kept (Matryoshka); null: all. */
  readonly kept: number | null;
  /** Layer-normalise before cutting. */
  readonly layerNorm: boolean;
}

/**
 * One unit vector a text from what a model answered. Wrong count or dimension, a component that is no finite
 * number, a vector of zeros: @throws ModelError `unusable`, so that garbage never reaches an index.
 */
export function unitVectors(answer: unknown, shape: VectorShape): readonly Float32Array[] {
  const { place, count } = shape;
  if (!Array.isArray(answer)) throw unusable(place, 'no list of embeddings');
  if (answer.length !== count) throw unusable(place, `${answer.length} embeddings for ${count} texts`);
  const raw = answer.map((one: unknown) => components(place, one));
  const dimensions = shape.received ?? raw[0]?.length ?? 0;
  const wrong = raw.find((vector) => vector.length !== dimensions || dimensions === 0);
  if (wrong !== undefined) throw wrongDimensions(place, wrong.length, dimensions);
  return raw.map((vector) => unit(place, cut(vector, shape)));
}

function components(place: string, vector: unknown): ArrayLike<number> {
  if (vector instanceof Float32Array) return vector;
  if (Array.isArray(vector)) return vector as readonly number[];
  throw unusable(place, 'an embedding that is no list of numbers');
}

function wrongDimensions(place: string, found: number, expected: number): ModelError {
  return unusable(
    place,
    `${found} dimensions where ${expected} are expected: another model stands behind this name. ` +
      'Set HOLDFAST_EMBEDDING_MODEL to the model that the collection was built with, or build it anew',
  );
}

function cut(vector: ArrayLike<number>, { kept, layerNorm }: VectorShape): ArrayLike<number> {
  if (kept === null || kept >= vector.length) return vector;
  return Array.from(layerNorm ? layerNormalised(vector) : vector).slice(0, kept);
}

function layerNormalised(vector: ArrayLike<number>): readonly number[] {
  const values = Array.from(vector);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance));
}

function unit(place: string, vector: ArrayLike<number>): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i];
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw unusable(place, `an embedding with ${JSON.stringify(value) ?? 'nothing'} in it`);
    squares += value * value;
  }
  if (squares === 0 || !Number.isFinite(squares)) throw unusable(place, 'an embedding without a direction');
  const scale = 1 / Math.sqrt(squares);
  return Float32Array.from(vector, (value) => value * scale);
}

function unusable(place: string, what: string): ModelError {
  return new ModelError('unusable', `${place} answered with ${what}`);
}
