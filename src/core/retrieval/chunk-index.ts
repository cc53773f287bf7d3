import type { IndexableVersion } from '../documents/catalog.ts';
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

/** What a commit changed, in the terms of an index. */
export interface IndexChange {
  /** The catalog sequence number that the index covers once this is applied. */
  readonly sequence: number;
  readonly removed: readonly VersionId[];
  readonly added: readonly IndexableVersion[];
}

/**
 * Finds chunks of one collection. A rebuildable cache of the catalog: an implementation that lacks a collection
 * builds it from there. Every call carries the scope, and nothing outside of it is ever returned.
 * A dense score of a chunk without vector is NaN.
 */
export interface ChunkIndex extends AsyncDisposable {
  /** Makes the collection searchable (loads or builds it). Cheap when it is already. */
  open(scope: Scope): Promise<void>;
  /**
   * Runs `commit` once the collection is open and nothing else is being done to it, and makes the change visible to
   * searches right after, all at once, so that they find the old or the new version at every moment. Resolves to
   * what `commit` does; when that rejects, nothing changes. Applying a change again changes nothing.
   */
  apply<Change extends IndexChange>(scope: Scope, commit: () => Promise<Change>): Promise<Change>;
  /** Forgets the collection. */
  drop(scope: Scope): Promise<void>;
  /** The catalog sequence number up to which searches see the collection; 0 when it is not open. */
  sequence(scope: Scope): number;

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
  /** Writes what a restart needs to be fast. Losing it loses no data, so it does not fail when it cannot. */
  snapshot(scope: Scope): Promise<void>;
}
