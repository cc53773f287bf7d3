/** How a model's token vectors become one vector, for adapters that do it themselves (ONNX). */
export type Pooling = 'mean' | 'cls';

/**
 * What has to be known about an embedding model to use it as it was trained. Taken from the model cards; applied by
 * every adapter, so that the same model gives the same vectors wherever it runs.
 */
export interface EmbeddingModelProfile {
  /** Components of a whole vector; null: learnt from the server's first answer. */
  readonly dimensions: number | null;
  /** Put before a question. */
  readonly queryPrefix: string;
  /** Put before a passage. */
  readonly passagePrefix: string;
  /**
   * Shorter sizes that the model was trained for (Matryoshka, Kusupati et al. 2022), or null for none. `layerNorm`:
   * vectors are layer-normalised before they are cut. Vectors are always brought to unit length afterwards.
   */
  readonly matryoshka: { readonly sizes: readonly number[] | 'any'; readonly layerNorm: boolean } | null;
  readonly pooling: Pooling;
  /** Tokens of one text; longer texts are cut. The neutral profile lets any chunk through. */
  readonly contextTokens: number;
  /** Weight of the cosine in hybrid fusion. */
  readonly fusionWeight: number;
  /** ISO 639-1 codes, or null for any. */
  readonly languages: readonly string[] | null;
}

/** Measured for all-MiniLM-L6-v2 (docs/evaluation.md) and taken for every encoder until measured itself. */
const ENCODER_WEIGHT = 0.65;
const ENGLISH: readonly string[] = ['en'];
const BGE_QUERY = 'Represent this sentence for searching relevant passages: ';

const NEUTRAL: EmbeddingModelProfile = {
  dimensions: null,
  queryPrefix: '',
  passagePrefix: '',
  matryoshka: null,
  pooling: 'mean',
  contextTokens: 2048,
  fusionWeight: ENCODER_WEIGHT,
  languages: null,
};

function encoder(dimensions: number, rest: Partial<EmbeddingModelProfile> = {}): EmbeddingModelProfile {
  return { ...NEUTRAL, contextTokens: 512, dimensions, ...rest };
}

function nomic(rest: Partial<EmbeddingModelProfile>): EmbeddingModelProfile {
  const prefixes = { queryPrefix: 'search_query: ', passagePrefix: 'search_document: ' };
  return encoder(768, { ...prefixes, ...rest });
}

function bge(dimensions: number): EmbeddingModelProfile {
  return encoder(dimensions, { queryPrefix: BGE_QUERY, pooling: 'cls', languages: ENGLISH });
}

function e5(dimensions: number, languages: readonly string[] | null): EmbeddingModelProfile {
  return encoder(dimensions, { queryPrefix: 'query: ', passagePrefix: 'passage: ', languages });
}

function gte(dimensions: number, rest: Partial<EmbeddingModelProfile> = {}): EmbeddingModelProfile {
  return encoder(dimensions, { languages: ENGLISH, ...rest });
}

function arctic(dimensions: number, rest: Partial<EmbeddingModelProfile> = {}): EmbeddingModelProfile {
  return encoder(dimensions, { queryPrefix: BGE_QUERY, pooling: 'cls', languages: ENGLISH, ...rest });
}

const LONG_GTE = { pooling: 'cls', contextTokens: 8192 } as const;
const ARCTIC_2 = {
  queryPrefix: 'query: ',
  contextTokens: 8192,
  languages: null,
  matryoshka: { sizes: [256], layerNorm: false },
} as const;
const ARCTIC_15 = { matryoshka: { sizes: [256], layerNorm: false } } as const;
const MINILM = encoder(384, { contextTokens: 256, languages: ENGLISH });
const NOMIC = nomic({
  contextTokens: 2048,
  languages: ENGLISH,
  matryoshka: { sizes: [64, 128, 256, 512], layerNorm: true },
});
const MXBAI = encoder(1024, {
  queryPrefix: BGE_QUERY,
  pooling: 'cls',
  languages: ENGLISH,
  matryoshka: { sizes: [64, 128, 256, 512], layerNorm: false },
});
const GEMMA = encoder(768, {
  queryPrefix: 'task: search result | query: ',
  passagePrefix: 'title: none | text: ',
  contextTokens: 2048,
  matryoshka: { sizes: [128, 256, 512], layerNorm: false },
});
const OPENAI_3 = { contextTokens: 8191, matryoshka: { sizes: 'any', layerNorm: false } } as const;

/** By name without vendor and `:latest`; Ollama's tags that are other sizes have entries of their own. */
const PROFILES: Readonly<Record<string, EmbeddingModelProfile>> = {
  'all-minilm': MINILM,
  'all-minilm-l6-v2': MINILM,
  'all-minilm-l12-v2': MINILM,
  'nomic-embed-text': NOMIC,
  'nomic-embed-text-v1': { ...NOMIC, matryoshka: null },
  'nomic-embed-text-v1.5': NOMIC,
  'nomic-embed-text-v2-moe': nomic({ matryoshka: { sizes: [256], layerNorm: false } }),
  'mxbai-embed-large': MXBAI,
  'mxbai-embed-large-v1': MXBAI,
  embeddinggemma: GEMMA,
  'embeddinggemma-300m': GEMMA,
  'bge-small': bge(384),
  'bge-small-en-v1.5': bge(384),
  'bge-base': bge(768),
  'bge-base-en-v1.5': bge(768),
  'bge-large': bge(1024),
  'bge-large-en-v1.5': bge(1024),
  'bge-m3': encoder(1024, { pooling: 'cls', contextTokens: 8192 }),
  'e5-small-v2': e5(384, ENGLISH),
  'e5-base-v2': e5(768, ENGLISH),
  'e5-large-v2': e5(1024, ENGLISH),
  'multilingual-e5-small': e5(384, null),
  'multilingual-e5-base': e5(768, null),
  'multilingual-e5-large': e5(1024, null),
  'gte-small': gte(384),
  'gte-base': gte(768),
  'gte-large': gte(1024),
  'gte-base-en-v1.5': gte(768, LONG_GTE),
  'gte-large-en-v1.5': gte(1024, LONG_GTE),
  'gte-multilingual-base': gte(768, { ...LONG_GTE, languages: null }),
  'snowflake-arctic-embed': arctic(1024),
  'snowflake-arctic-embed:335m': arctic(1024),
  'snowflake-arctic-embed:137m': arctic(768, { contextTokens: 2048 }),
  'snowflake-arctic-embed:110m': arctic(768),
  'snowflake-arctic-embed:33m': arctic(384),
  'snowflake-arctic-embed:22m': arctic(384),
  'snowflake-arctic-embed-xs': arctic(384),
  'snowflake-arctic-embed-s': arctic(384),
  'snowflake-arctic-embed-m': arctic(768),
  'snowflake-arctic-embed-m-v1.5': arctic(768, ARCTIC_15),
  'snowflake-arctic-embed-l': arctic(1024),
  'snowflake-arctic-embed2': arctic(1024, ARCTIC_2),
  'snowflake-arctic-embed-m-v2.0': arctic(768, ARCTIC_2),
  'snowflake-arctic-embed-l-v2.0': arctic(1024, ARCTIC_2),
  'text-embedding-3-small': encoder(1536, OPENAI_3),
  'text-embedding-3-large': encoder(3072, OPENAI_3),
  'text-embedding-ada-002': encoder(1536, { contextTokens: 8191 }),
};

/**
 * The profile of a model under any of the names that servers give it: `nomic-embed-text:latest`,
 * `BAAI/bge-small-en-v1.5`, `all-minilm:33m`. Unknown models get a neutral one without prefixes, whose dimension
 * is null.
 */
export function embeddingModelProfile(model: string): EmbeddingModelProfile {
  const name = (model.split('/').at(-1) ?? model).toLowerCase();
  const [untagged = name] = name.split(':');
  return PROFILES[name] ?? PROFILES[untagged] ?? NEUTRAL;
}

/** Why a model cannot give vectors of that size, or null when it can or is not known. */
export function dimensionsProblem(
  { dimensions: whole, matryoshka }: EmbeddingModelProfile,
  dimensions: number,
): string | null {
  if (whole === null || dimensions === whole) return null;
  if (matryoshka === null) return `it has ${whole} dimensions and cannot be cut`;
  const { sizes } = matryoshka;
  if (sizes === 'any') return dimensions < whole ? null : `it has at most ${whole} dimensions`;
  return sizes.includes(dimensions) ? null : `it can have ${[...sizes, whole].join(', ')} dimensions`;
}
