import type { Collection, CollectionSettings, CollectionSummary } from './collection.ts';
import type {
  Chunk,
  DocumentOrigin,
  DocumentProblem,
  DocumentRecord,
  DocumentState,
  HydratedChunk,
  Metadata,
  PreparedVersion,
  QuantisedVector,
} from './document.ts';
import type { Encodings } from './encodings.ts';
import type { Generations } from './generations.ts';
import type { ChunkId, DocumentId, GenerationId, Scope, TenantId, VersionId } from './ids.ts';
import type { Sketches } from './sketches.ts';

export interface PageRequest {
  /** 1 to 1000. */
  readonly limit: number;
  /** `next_cursor` of the page before, or null for the first page. */
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

export interface DocumentListRequest extends PageRequest {
  readonly state?: DocumentState;
}

/** How a document ended up. Every other state is that of a task. */
export type StoredState = Extract<DocumentState, 'ready' | 'failed' | 'skipped'>;

/** What the ingest writes about a document; the catalog adds sequence and times. */
export type DocumentDraft = Omit<
  DocumentRecord,
  'version' | 'chunkCount' | 'sequence' | 'createdAt' | 'updatedAt' | 'state' | 'stateSince' | 'tries'
> & {
  readonly state: StoredState;
  /** ISO 639-1: named for this document alone, whatever its collection says. Null or left out: none was. */
  readonly givenLanguage?: string | null;
  /** What the source said of the item's state; null or left out: nothing. */
  readonly stamp?: string | null;
};

export type DocumentChange =
  /** Insert or replace. `version` null keeps the version that is there (a failed update), if any. */
  | { readonly kind: 'put'; readonly draft: DocumentDraft; readonly version: PreparedVersion | null }
  | { readonly kind: 'delete'; readonly id: DocumentId };

/** What one change did to what is searchable. */
export interface AppliedChange {
  readonly documentId: DocumentId;
  readonly removed: VersionId | null;
  readonly added: VersionId | null;
  /**
   * Content hash of the original that the change let go of, when after the whole commit no document of any
   * tenant refers to it. Named once per commit. A writer that is about to commit the same content must not
   * race the deletion of the blob.
   */
  readonly orphanedContent: string | null;
}

export interface CommitReceipt {
  /** Sequence number that covers all changes of the commit. */
  readonly sequence: number;
  readonly applied: readonly AppliedChange[];
}

/** What a folder sync knows of an item without reading it again. */
export interface KnownItem {
  readonly item: string;
  /** Of all documents of the item; null when they differ or none has one. */
  readonly contentHash: string | null;
  /** Of all searchable versions of the item; null when they differ or there is none. */
  readonly generation: GenerationId | null;
  /** The language that was named for the documents of the item; null when none was. */
  readonly givenLanguage: string | null;
  /** Of all documents of the item: what the source said when they were taken in, or found unchanged. */
  readonly stamp: string | null;
  readonly documents: readonly { readonly id: DocumentId; readonly state: DocumentState }[];
}

/**
 * A searchable version with all that an index needs to (re)build. Title, language and fields are those the
 * version was committed with, also when a later update of the document failed.
 */
export interface IndexableVersion {
  readonly version: VersionId;
  readonly documentId: DocumentId;
  /** Sequence number of the document's last change. */
  readonly sequence: number;
  readonly title: string;
  readonly language: string | null;
  /**
   * Metadata plus the fields that can always be filtered: `title`, `document_id`, and `uri` and `format` where
   * there is one. They win over metadata of the same name.
   */
  readonly fields: Metadata;
  readonly chunks: IndexableChunks;
}

/**
 * The chunks of a version in order. Those of a large one are read as they are gone through, so that they are never all
 * in memory: that throws `storage_failed` when the version is deleted meanwhile.
 */
export interface IndexableChunks extends Iterable<
  Chunk & { readonly text: string; readonly vector: QuantisedVector }
> {
  readonly length: number;
}

/**
 * The truth: collections, documents, versions, chunks, encodings. Every write is one transaction and durable
 * (fsync) when its promise resolves; a read sees whole transactions only (`versionsSince` and `encodings` one per step).
 * A read of a collection that does not exist finds nothing.
 * Errors: `storage_full` (nothing was written, reads go on), `storage_failed`, `collection_not_found`
 * for a write into a collection that does not exist, `invalid_cursor` for a cursor of another list.
 *
 * An index catches up like this: `s = lastSequence`; apply `removedSince(covered)` (null: drop all, `covered` = 0)
 * and `versionsSince(covered)` in any order; from then on it covers `s`. Changes that were committed meanwhile
 * come again with the next call, so adding and removing a version must be idempotent.
 */
export interface Catalog extends AsyncDisposable, Encodings, Generations, Sketches {
  /** @throws HoldfastError `collection_exists`. */
  createCollection(collection: Omit<Collection, 'createdAt'>): Promise<Collection>;
  getCollection(scope: Scope): Promise<CollectionSummary | null>;
  /** Ordered by name, by code point. */
  listCollections(tenant: TenantId, page: PageRequest): Promise<Page<CollectionSummary>>;
  updateCollection(scope: Scope, settings: CollectionSettings): Promise<void>;
  /** Deletes everything in it; false when there was none. Returns the orphaned originals. */
  deleteCollection(
    scope: Scope,
  ): Promise<{ readonly existed: boolean; readonly orphanedContent: readonly string[] }>;

  /** All changes or none, in order; `applied` holds one entry per change. A version that is already the
   * document's current one is not written again. Deleting an unknown document changes nothing. */
  commit(scope: Scope, changes: readonly DocumentChange[]): Promise<CommitReceipt>;

  getDocument(scope: Scope, id: DocumentId): Promise<DocumentRecord | null>;
  /** How its last task has ended, also while there is a new one; null when it has ended none. */
  storedOutcome(
    scope: Scope,
    id: DocumentId,
  ): Promise<{ readonly state: StoredState; readonly problem: DocumentProblem | null } | null>;
  /** Ordered by source key, by code point. */
  listDocuments(scope: Scope, request: DocumentListRequest): Promise<Page<DocumentRecord>>;
  /** The items of an origin whose key is `prefix` itself or starts with `prefix` + `/`. */
  knownItems(scope: Scope, origin: DocumentOrigin, prefix: string): Promise<readonly KnownItem[]>;
  /** The stored normalised text that spans point into; null when the version is gone. */
  versionText(scope: Scope, version: VersionId): Promise<string | null>;
  /** Chunks of a document's searchable version in order. */
  listChunks(scope: Scope, id: DocumentId, page: PageRequest): Promise<Page<HydratedChunk>>;
  /** In the order asked for; null for a chunk that is gone or belongs to another tenant or collection. */
  hydrate(scope: Scope, ids: readonly ChunkId[]): Promise<readonly (HydratedChunk | null)[]>;

  /**
   * Searchable versions whose documents changed after `sequence` (0 = all of them), in sequence order, read in
   * steps of bounded memory. Goes on until nothing newer is there, so it holds what is committed meanwhile.
   */
  versionsSince(scope: Scope, sequence: number): AsyncIterable<IndexableVersion>;
  /**
   * Versions that stopped being searchable after `sequence` and are not searchable now. Null when that is not
   * known any more (pruned, or the collection was deleted and made anew since): rebuild from 0.
   * Never null for sequence 0.
   */
  removedSince(scope: Scope, sequence: number): Promise<readonly VersionId[] | null>;
  /** Forgets removals up to and including `upTo`: the index of the collection is durable up to there. */
  pruneRemovals(scope: Scope, upTo: number): Promise<void>;
  /** Sequence number of the last change in the collection, 0 when none. */
  lastSequence(scope: Scope): Promise<number>;
  /** A cheap read and, unless the disk is read-only or full, a cheap write check. */
  health(): Promise<{
    readonly readable: boolean;
    readonly writable: boolean;
    readonly detail: string | null;
  }>;
}
