/** What belongs to an embedding model rather than to a collection. */
export interface EmbeddingProfile {
  /** Name and version: part of the generation. */
  readonly model: string;
  readonly dimensions: number;
  /** ISO 639-1 codes that the model was made for, or null for any. Other languages get no vectors. */
  readonly languages: readonly string[] | null;
  /** Texts of one call of `embedPassages`. */
  readonly maxBatch: number;
  /** Word pieces of one text; longer texts are cut by the model. */
  readonly contextTokens: number;
  /** Weight of the cosine against the lexical score in hybrid fusion, 0 to 1. Measured: docs/evaluation.md. */
  readonly fusionWeight: number;
}

/** Turns text into unit vectors that can be compared by cosine. Remote ones throw `ModelError`. */
export interface Embedder {
  readonly profile: EmbeddingProfile;
  /** Null when the model knows no word of the query: the search goes on without it. */
  embedQuery(query: string, signal: AbortSignal): Promise<Float32Array | null>;
  /** One vector a text, in order; all zero when the model knows no word of it. */
  embedPassages(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
}
