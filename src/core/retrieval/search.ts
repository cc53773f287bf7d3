import type { ChunkId, CollectionName, DocumentId, TenantId, VersionId } from '../documents/ids.ts';
import type { Lines } from '../documents/lines.ts';
import type { Filter } from './filter.ts';

/** How candidates may be found. `hybrid` falls back by itself when one side cannot serve. */
export type RetrievalMode = 'hybrid' | 'dense' | 'lexical';
export const RETRIEVAL_MODES = ['hybrid', 'dense', 'lexical'] as const satisfies readonly RetrievalMode[];

export interface SearchRequest {
  readonly tenant: TenantId;
  /** 1 to 4,000 characters after trimming. */
  readonly query: string;
  /** All existing; results of several are merged by score. Empty: all of the tenant's. */
  readonly collections: readonly CollectionName[];
  readonly filter: Filter;
  /** 1 to 100. */
  readonly topK: number;
  readonly mode: RetrievalMode;
  /** True: of documents that are near duplicates of each other only the best one is found. */
  readonly distinct?: boolean;
}

export interface SearchResult {
  /** From 1. */
  readonly rank: number;
  readonly collection: CollectionName;
  readonly chunkId: ChunkId;
  readonly documentId: DocumentId;
  readonly documentVersion: VersionId;
  readonly title: string;
  readonly uri: string | null;
  readonly headingPath: readonly string[];
  readonly page: number | null;
  /** Left out where lines mean nothing. */
  readonly lines?: Lines;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Comparable within one response only. */
  readonly score: number;
}

/** A part of the answer that is missing or second best, and why. */
export interface Degradation {
  /** What failed: `embedding`, `lexical`, `index`, `generator`, ... */
  readonly component: string;
  /** What was done instead: `lexical_only`, `extractive`, ... */
  readonly mode: string;
  readonly reason: string;
  /** ISO time since when it is so. */
  readonly since: string;
}

/** Stage name -> milliseconds; always holds `total`. */
export type Timings = Readonly<Record<string, number>>;

export interface SearchResponse {
  /** Id of this answer. */
  readonly id: string;
  readonly query: string;
  readonly results: readonly SearchResult[];
  readonly retrieval: {
    /** What was really used. */
    readonly mode: RetrievalMode | 'cache';
    readonly generation: string;
    /** The embedding model that served; null when words alone did. */
    readonly embeddingModel: string | null;
  };
  readonly degraded: readonly Degradation[];
  readonly timingsMs: Timings;
}

/** @throws HoldfastError `collection_not_found`, `deadline_exceeded`. */
export type Search = (request: SearchRequest, signal: AbortSignal) => Promise<SearchResponse>;
