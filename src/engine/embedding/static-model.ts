import { RowMemory } from './row-memory.ts';
import { wordPiece, type WordPiece } from './word-piece.ts';

/** `model.json` of the static model, as far as it is needed to run it. */
export interface StaticModelDescription {
  readonly name: string;
  readonly language: string;
  readonly dimensions: number;
  readonly vocabulary: number;
  readonly tokenizer: {
    readonly continuingPrefix: string;
    readonly maxCharsPerWord: number;
    readonly unknownId: number;
  };
}

export interface StaticModelFiles {
  readonly description: StaticModelDescription;
  /** One word piece a line, in id order. */
  readonly vocabulary: string;
  /** int8 rows, then float32 scales, little-endian. */
  readonly embeddings: Uint8Array;
}

/** A bag-of-word-pieces embedding model: no neural network at run time. */
export interface StaticModel {
  readonly name: string;
  readonly language: string;
  readonly dimensions: number;
  /** Ids of the word pieces of a text, in order. */
  tokenize(text: string): Uint32Array;
  /** A unit vector, or the zero vector when the text holds no known piece. */
  embed(text: string): Float32Array;
}

/**
 * Vector = sum over the distinct pieces of sqrt(count) * scale * row, divided by its Euclidean norm
 * (model/README.md).
 * @throws Error when the files don't fit the description.
 */
export function staticModel(files: StaticModelFiles): StaticModel {
  const { description, embeddings } = files;
  const { dimensions, vocabulary: size } = description;
  const pieces = files.vocabulary.split('\n').slice(0, size);
  const scalesAt = Math.ceil((size * dimensions) / 4) * 4;
  if (pieces.length !== size || embeddings.byteLength !== scalesAt + size * 4) {
    throw new Error(
      `model ${description.name}: ${embeddings.byteLength} bytes and ${pieces.length} pieces do not fit ${size} rows of ${dimensions}`,
    );
  }
  const rows = new Int8Array(embeddings.buffer, embeddings.byteOffset, size * dimensions);
  const scales = new Float32Array(Uint8Array.from(embeddings.subarray(scalesAt)).buffer);
  const tokenize = wordPiece(pieces, description.tokenizer);
  return {
    name: description.name,
    language: description.language,
    dimensions,
    tokenize: (text) => {
      const ids: number[] = [];
      tokenize(text, (id) => ids.push(id));
      return Uint32Array.from(ids);
    },
    embed: pooling(tokenize, { rows: new RowMemory(rows, dimensions), scales }),
  };
}

interface Table {
  readonly rows: RowMemory;
  readonly scales: Float32Array;
}

function pooling(tokenize: WordPiece, { rows, scales }: Table): StaticModel['embed'] {
  const counts = new Uint32Array(scales.length);
  return (text) => {
    const distinct: number[] = [];
    tokenize(text, (id) => {
      const before = counts[id] ?? 0;
      if (before === 0) distinct.push(id);
      counts[id] = before + 1;
    });
    for (let at = 0; at < distinct.length; at++) {
      const id = distinct[at] ?? 0;
      const factor = Math.sqrt(counts[id] ?? 0) * (scales[id] ?? 0);
      counts[id] = 0;
      if (factor !== 0) rows.add(id, factor);
    }
    return normalise(rows.take());
  };
}

/** Divides a vector by its Euclidean norm in place; a zero vector stays. */
export function normalise(vector: Float32Array): Float32Array {
  let square = 0;
  for (let i = 0; i < vector.length; i++) square += (vector[i] ?? 0) ** 2;
  if (square === 0) return vector;
  const factor = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) * factor;
  return vector;
}
