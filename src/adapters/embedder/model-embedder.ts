import {
  dimensionsProblem,
  embeddingModelProfile,
  type EmbeddingModelProfile,
} from '../../core/models/embedding-profiles.ts';
import { ModelError } from '../../core/models/model-error.ts';
import type { Embedder, EmbeddingProfile } from '../../core/retrieval/embedder.ts';
import { cutText } from './cut-text.ts';
import { unitVectors } from './unit-vectors.ts';

/** An embedder whose model runs elsewhere and may be away, slow or another one than expected. */
export interface ModelEmbedder extends Embedder {
  /** `dimensions` is 0 while they are unknown: an unknown model that has not answered yet. */
  readonly profile: EmbeddingProfile;
  /**
   * Asks for one embedding, learns the dimensions of a model without a profile and gives the profile.
   * @throws ModelError; `unusable` with what to do when the dimensions differ from the expected ones.
   */
  connect(signal: AbortSignal): Promise<EmbeddingProfile>;
  /** Embeds one short text: the only proof that a model works. @throws ModelError. */
  canary(signal: AbortSignal): Promise<void>;
  /** Whether the model is in the server's memory; left out when that cannot be told. @throws ModelError. */
  readonly isLoaded?: (signal: AbortSignal) => Promise<boolean>;
}

export interface EmbeddingModelOptions {
  readonly model: string;
  /** Dimensions that are kept of a Matryoshka model, or that an index has; default: the model's own. */
  readonly dimensions?: number | undefined;
  /** Overrides of the built-in profile. */
  readonly profile?: Partial<EmbeddingModelProfile> | undefined;
}

/** How an adapter asks its model. */
export interface EmbeddingCall {
  /** Who answers, for messages. */
  readonly place: string;
  /** Texts of one request. */
  readonly maxBatch: number;
  /** The model cuts texts that are too long to the token; others get them cut with a margin, lest they refuse them. */
  readonly cutsTexts?: true;
  /** The embeddings in order, unchecked. @throws ModelError. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<unknown>;
  readonly isLoaded?: (signal: AbortSignal) => Promise<boolean>;
}

const CANARY = 'canary';

/**
 * What all adapters share: prefixes, batches, checks, cutting and unit length. Blank texts are not sent: they have
 * no meaning, and servers differ in what they make of them.
 * @throws RangeError when the model cannot give that many dimensions.
 */
export function modelEmbedder(options: EmbeddingModelOptions, call: EmbeddingCall): ModelEmbedder {
  const profile = { ...embeddingModelProfile(options.model), ...options.profile };
  const vectors = vectorSource({ options, profile, call });
  const embedder: ModelEmbedder = {
    get profile() {
      return {
        model: options.model.replace(/:latest$/, ''),
        dimensions: vectors.dimensions(),
        languages: profile.languages,
        maxBatch: call.maxBatch,
        contextTokens: profile.contextTokens,
        fusionWeight: profile.fusionWeight,
      };
    },
    embedQuery: async (query, signal) => {
      if (isBlank(query)) return null;
      const [vector = null] = await vectors.of([`${profile.queryPrefix}${query}`], signal);
      return vector;
    },
    embedPassages: async (texts, signal) => {
      const asked = texts.filter((text) => !isBlank(text)).map((text) => `${profile.passagePrefix}${text}`);
      const found = (await vectors.of(asked, signal)).values();
      const zero = (): Float32Array => new Float32Array(vectors.dimensions());
      return texts.map((text) => (isBlank(text) ? zero() : (found.next().value ?? zero())));
    },
    canary: async (signal) => {
      await vectors.of([CANARY], signal);
    },
    connect: async (signal) => {
      await vectors.of([CANARY], signal);
      return embedder.profile;
    },
    ...(call.isLoaded === undefined ? {} : { isLoaded: call.isLoaded }),
  };
  return embedder;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

interface VectorSource {
  of(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
  /** Of what comes out; 0 while unknown. */
  dimensions(): number;
}

interface Parts {
  readonly options: EmbeddingModelOptions;
  readonly profile: EmbeddingModelProfile;
  readonly call: EmbeddingCall;
}

/** Asks in batches and holds the answers to the dimensions of the profile, or of the first answer. */
function vectorSource({ options, profile, call }: Parts): VectorSource {
  const kept = options.dimensions ?? null;
  const problem = kept === null ? null : dimensionsProblem(profile, kept);
  if (problem !== null) throw new RangeError(`${options.model} cannot have ${kept} dimensions: ${problem}`);
  let learnt = profile.dimensions;
  const batch = async (texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> => {
    const answer = await call.embed(texts, signal);
    const length = lengthOfFirst(answer);
    const received = length === kept ? kept : learnt;
    if (received === null && kept !== null && length > 0 && length < kept)
      throw tooFew(call.place, length, kept);
    const { place } = call;
    const layerNorm = profile.matryoshka?.layerNorm ?? false;
    const vectors = unitVectors(answer, { place, count: texts.length, received, kept, layerNorm });
    if (received === null) learnt = length;
    return vectors;
  };
  return {
    dimensions: () => kept ?? learnt ?? 0,
    of: async (whole, signal) => {
      const texts =
        call.cutsTexts === true ? whole : whole.map((text) => cutText(text, profile.contextTokens));
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += call.maxBatch)
        vectors.push(...(await batch(texts.slice(at, at + call.maxBatch), signal)));
      return vectors;
    },
  };
}

function lengthOfFirst(answer: unknown): number {
  const first: unknown = Array.isArray(answer) ? answer[0] : undefined;
  return Array.isArray(first) || first instanceof Float32Array ? first.length : 0;
}

function tooFew(place: string, found: number, kept: number): ModelError {
  return new ModelError(
    'unusable',
    `${place} answered with ${found} dimensions, fewer than the ${kept} of HOLDFAST_EMBEDDING_DIMENSIONS: lower it`,
  );
}
