import type { IndexableVersion } from '../documents/catalog.ts';
import type { ChunkEncoding, EncodingProgress } from '../documents/encodings.ts';
import type { ChunkId, Scope, VersionId } from '../documents/ids.ts';
import type { Filter } from './filter.ts';

export interface Candidate {
  readonly chunkId: ChunkId;
  /** Lexical: BM25 with proximity, above 0. Dense: cosine, -1 to 1. */
  readonly score: number;
}

export interface RecallRequest<Query> {
  readonly query: Query;
  readonly filter: Filter;
  /** 1 to 1000. */
  readonly limit: number;
}

/** A query's vector by the encoder, with the name of the model, which must be the one that the index was given. */
export interface EncodedQuery {
  readonly model: string;
  readonly vector: Float32Array;
}

/** What a commit changed, in the terms of an index. */
export interface IndexChange {
  /** The catalog sequence number that the index covers once this is applied. */
  readonly sequence: number;
  /** Versions that nothing takes the place of. */
  readonly removed: readonly VersionId[];
  /** Of added versions, those in whose place they come. */
  readonly replaced: ReadonlyMap<VersionId, VersionId>;
  readonly added: readonly IndexableVersion[];
}

/**
 * Finds chunks of one collection. A rebuildable cache of the catalog: an implementation that lacks a collection
 * builds it from there. Every call carries the scope, and nothing outside of it is ever returned.
 * A dense score of a chunk without vector is NaN.
 *
 * Beside the vectors that chunks are committed with it may hold those of one encoder (see `Encodings`), which come
 * later. They are a dense index of their own: a vector is compared with those of the same model only.
 */
export interface ChunkIndex extends AsyncDisposable {
  /** Makes the collection searchable (loads or builds it). Cheap when it is already. */
  open(scope: Scope): Promise<void>;
  /**
   * Runs `commit` once the collection is open and nothing else is being done to it, and makes the change visible to
   * searches right after: what is removed or replaced at once, so that they find the old or the new version at every
   * moment; what is new a little later, so that they do not wait for it. Resolves, when all is visible, to what
   * `commit` does; when that rejects, nothing changes. Applying a change again changes nothing.
   */
  apply<Change extends IndexChange>(scope: Scope, commit: () => Promise<Change>): Promise<Change>;
  /** Forgets the collection. */
  drop(scope: Scope): Promise<void>;
  /** The catalog sequence number up to which searches see the collection; 0 when it is not open. */
  sequence(scope: Scope): number;

  /** Those of the versions that searches do not find: a document is `ready` once none of its is missing. */
  missing(scope: Scope, versions: readonly VersionId[]): Promise<readonly VersionId[]>;

  /** Best first. No known term in the query: an empty list. */
  lexical(scope: Scope, request: RecallRequest<string>, signal: AbortSignal): Promise<readonly Candidate[]>;
  /** Best first. The vector has the generation's dimensions. */
  dense(
    scope: Scope,
    request: RecallRequest<Float32Array>,
    signal: AbortSignal,
  ): Promise<readonly Candidate[]>;
  /** Lexical scores of given chunks in their order; 0 when it does not match or is gone. */
  lexicalScores(scope: Scope, query: string, chunks: readonly ChunkId[]): Promise<Float64Array>;
  /** Cosines of given chunks in their order; NaN when it has no vector or is gone. */
  denseScores(scope: Scope, vector: Float32Array, chunks: readonly ChunkId[]): Promise<Float64Array>;

  /**
   * Takes in what the catalog has stored of the encoder. Chunks that are gone are left out; doing it again changes
   * nothing. @throws when the model is not the one that the index was given.
   */
  addEncodings(scope: Scope, model: string, rows: readonly ChunkEncoding[]): Promise<void>;
  /** How many live chunks the encoder has seen, as searches see them; none for a model that the index was not given. */
  encoded(scope: Scope, model: string): Promise<EncodingProgress>;
  /** Best first, among the chunks that the encoder has seen. @throws as `addEncodings`. */
  denseEncoded(
    scope: Scope,
    request: RecallRequest<EncodedQuery>,
    signal: AbortSignal,
  ): Promise<readonly Candidate[]>;
  /** As `denseScores`, by the encoder. @throws as `addEncodings`. */
  encodedScores(scope: Scope, query: EncodedQuery, chunks: readonly ChunkId[]): Promise<Float64Array>;

  /** Writes what a restart needs to be fast. Losing it loses no data, so it does not fail when it cannot. */
  snapshot(scope: Scope): Promise<void>;
}
