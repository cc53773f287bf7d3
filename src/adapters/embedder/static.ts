import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Embedder } from '../../core/retrieval/embedder.ts';
import {
  staticModel,
  type StaticModel,
  type StaticModelDescription,
} from '../../engine/embedding/static-model.ts';
import { isForeignToEnglish } from '../../engine/analysis/detect-language.ts';
import { sha256Hex } from '../../lib/hash.ts';

/** Weight of the static model's cosine in hybrid fusion: measured in docs/evaluation.md. */
const FUSION_WEIGHT = 0.5;

interface ModelFile extends StaticModelDescription {
  readonly files: Readonly<Record<'vocab.txt' | 'embeddings.bin', { readonly sha256: string }>>;
}

/** Reads the model that the package carries. @throws Error naming the file whose checksum is wrong. */
export async function loadStaticModel(folder: string): Promise<StaticModel> {
  const [json, vocabulary, embeddings] = await Promise.all([
    readFile(join(folder, 'model.json'), 'utf8'),
    readFile(join(folder, 'vocab.txt')),
    readFile(join(folder, 'embeddings.bin')),
  ]);
  const description = JSON.parse(json) as ModelFile;
  for (const [name, bytes] of [
    ['vocab.txt', vocabulary],
    ['embeddings.bin', embeddings],
  ] as const) {
    if (sha256Hex(bytes) !== description.files[name].sha256)
      throw new Error(`${join(folder, name)} does not fit its checksum in model.json`);
  }
  return staticModel({ description, vocabulary: vocabulary.toString('utf8'), embeddings });
}

/** The built-in embedding model: no network, no neural network, well below a millisecond a text. */
export function staticEmbedder(model: StaticModel): Embedder {
  const { name, dimensions, language } = model;
  return {
    profile: {
      model: name,
      dimensions,
      languages: [language],
      fusionWeight: FUSION_WEIGHT,
      maxBatch: 1024,
      contextTokens: Number.MAX_SAFE_INTEGER,
    },
    embedQuery: async (query) => {
      const vector = embedKnown(model, query);
      return vector.some((value) => value !== 0) ? vector : null;
    },
    embedPassages: async (texts) => texts.map((text) => model.embed(text)),
  };
}

/** The vector of a short text; all zero when an English model would read another language. */
export function embedKnown(model: StaticModel, text: string): Float32Array {
  const isForeign = model.language === 'en' && isForeignToEnglish(text);
  return isForeign ? new Float32Array(model.dimensions) : model.embed(text);
}
