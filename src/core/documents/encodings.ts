import type { QuantisedVector } from './document.ts';
import type { ChunkId, Scope } from './ids.ts';

/** A searchable chunk that an encoder has not seen yet, with what it embeds. */
export interface UnencodedChunk {
  readonly id: ChunkId;
  /** Title of its document. */
  readonly title: string;
  readonly headingPath: readonly string[];
  readonly text: string;
}

/** What an encoder made of a chunk. Scale 0: the chunk was seen and has no vector. */
export interface ChunkEncoding {
  readonly id: ChunkId;
  readonly vector: QuantisedVector;
}

/** An encoding to be stored. */
export interface NewEncoding extends ChunkEncoding {
  /** SHA-256 of the embedded passage, hexadecimal, for other chunks of the same one. Left out: it is not shared. */
  readonly passage?: string;
}

/** How far an encoder got in a collection. */
export interface EncodingProgress {
  /** Searchable chunks with an encoding. */
  readonly encoded: number;
  /** Searchable chunks. */
  readonly total: number;
}

/** What is stored of an encoder in a collection. */
export interface StoredEncodings extends EncodingProgress {
  /** Of the stored encodings; null while there are none. */
  readonly dimensions: number | null;
}

/**
 * Vectors of an optional second embedding model, the encoder, beside the vectors that every chunk was committed with.
 * They come later than their chunk and go with it. Those of different models are kept apart by the model's name; those
 * of one model in one collection all have the same number of dimensions. Part of the port `Catalog`: the same promises
 * hold here (durable writes, nothing outside of the scope, reads of a missing collection find nothing).
 */
export interface Encodings {
  /** Up to `limit` searchable chunks without encoding of this model, always the same first ones. */
  chunksWithout(scope: Scope, model: string, limit: number): Promise<readonly UnencodedChunk[]>;
  /**
   * Stores all rows or none, and leaves out chunks that are gone; a chunk that has an encoding keeps it.
   * @throws HoldfastError `encoder_mismatch` when the dimensions differ from the stored ones or from each other,
   * `collection_not_found`.
   */
  putEncodings(scope: Scope, model: string, rows: readonly NewEncoding[]): Promise<void>;
  /** The vectors that chunks of the collection have for these passages, by the passage; those without are left out. */
  vectorsOf(
    scope: Scope,
    model: string,
    passages: readonly string[],
  ): Promise<ReadonlyMap<string, QuantisedVector>>;
  /** All encodings of searchable chunks, read in steps of bounded memory. */
  encodings(scope: Scope, model: string): AsyncIterable<ChunkEncoding>;
  /** Cheap: counters, not a count. */
  encodingProgress(scope: Scope, model: string): Promise<StoredEncodings>;
}
