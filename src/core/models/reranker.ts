/** What a reranking model can do, as data. */
export interface RerankerProfile {
  readonly model: string;
  /** Documents of one call. */
  readonly maxDocuments: number;
}

/** Judges how well texts answer a query. */
export interface Reranker {
  readonly profile: RerankerProfile;
  /** One score a text, in order; larger is better, comparable within one call. @throws ModelError. */
  rerank(query: string, texts: readonly string[], signal: AbortSignal): Promise<readonly number[]>;
}
