import { ModelError } from '../src/core/models/model-error.ts';
import type { Embedder } from '../src/core/retrieval/embedder.ts';
import { sha256Hex } from '../src/lib/hash.ts';

/** A remote embedder without a network: texts are near each other when they share words. */
export interface FakeEncoder extends Embedder {
  /** What every call throws; null: it works. */
  failure: Error | null;
  /** What a call throws that holds such a text; null: none. */
  refusedText: RegExp | null;
  /** Batches of passages that it was given, with failed ones. */
  readonly batches: (readonly string[])[];
  readonly queries: string[];
  /** Called before each batch. */
  beforeBatch: () => Promise<void>;
}

export interface FakeEncoderOptions {
  readonly model?: string;
  readonly dimensions?: number;
  readonly maxBatch?: number;
}

export const REFUSED = new ModelError('unreachable', 'connection refused');

export function fakeEncoder({
  model = 'fake-64',
  dimensions = 64,
  maxBatch = 4,
}: FakeEncoderOptions = {}): FakeEncoder {
  const encoder: FakeEncoder = {
    profile: { model, dimensions, languages: null, maxBatch, contextTokens: 512, fusionWeight: 0.9 },
    failure: null,
    refusedText: null,
    batches: [],
    queries: [],
    beforeBatch: async () => undefined,
    async embedQuery(query) {
      encoder.queries.push(query);
      if (encoder.failure !== null) throw encoder.failure;
      return vectorOf(query, dimensions);
    },
    async embedPassages(texts, signal) {
      encoder.batches.push(texts);
      await encoder.beforeBatch();
      signal.throwIfAborted();
      if (encoder.failure !== null) throw encoder.failure;
      const { refusedText } = encoder;
      if (refusedText !== null && texts.some((text) => refusedText.test(text)))
        throw new ModelError('rejected', 'the input is too long');
      return texts.map((text) => vectorOf(text, dimensions));
    },
  };
  return encoder;
}

function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
    const hash = Number.parseInt(sha256Hex(word).slice(0, 8), 16);
    vector[hash % dimensions] = (vector[hash % dimensions] ?? 0) + 1;
  }
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}
