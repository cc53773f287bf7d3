import type { GenerationId, Scope } from './ids.ts';

/** What a collection is made with. Changing any of it later means a new generation. */
export interface CollectionSettings {
  /** ISO 639-1 code for every document, or `auto`: detected per document. */
  readonly language: string;
  readonly description: string;
}

export interface Collection extends Scope {
  readonly settings: CollectionSettings;
  /** The generation that searches are served from. */
  readonly generation: GenerationId;
  readonly createdAt: string;
}

/** Counts over the documents of a collection. */
export interface CollectionStats {
  readonly documents: Readonly<Record<'total' | 'ready' | 'failed' | 'skipped' | 'pending', number>>;
  readonly chunks: number;
  /** Sum of the sizes of the originals. */
  readonly sizeBytes: number;
  /** Catalog sequence number of the last change in the collection; 0 when there was none. */
  readonly sequence: number;
}

/**
 * What a generation has instead of the embedding models of the service: `static` has the built-in vectors and none of
 * an encoder, `none` has no vectors.
 */
export type OwnEmbedder = 'static' | 'none';

export interface CollectionSummary extends Collection {
  /** The scope of the generation that serves; see `generationScope`. */
  readonly serving: Scope;
  /** Target size of its chunks; null: as the service is set. */
  readonly chunkTokens: number | null;
  /** Null: as the service is set. */
  readonly embedder: OwnEmbedder | null;
  readonly stats: CollectionStats;
}
