import type { DocumentListRequest, Page, PageRequest } from './catalog.ts';
import type { CollectionSettings, CollectionSummary } from './collection.ts';
import type { DocumentProblem, DocumentRecord, Format, HydratedChunk, Metadata } from './document.ts';
import type { DocumentId, Scope, TenantId } from './ids.ts';

/** Collections as the edges use them. `require` style: a missing collection is `collection_not_found`. */
export interface Collections {
  /** @throws `collection_exists`. */
  create(scope: Scope, settings: Partial<CollectionSettings>): Promise<CollectionSummary>;
  /** Creates it when it is missing. */
  ensure(scope: Scope): Promise<CollectionSummary>;
  get(scope: Scope): Promise<CollectionSummary>;
  list(tenant: TenantId, page: PageRequest): Promise<Page<CollectionSummary>>;
  update(scope: Scope, settings: Partial<CollectionSettings>): Promise<CollectionSummary>;
  delete(scope: Scope): Promise<void>;
}

/** A document handed over by an API call. */
export interface Submission {
  /** Names it in the collection; the same key again replaces it. Null: derived from uri, file name or content. */
  readonly key: string | null;
  /** File name or title; decides the format together with `mediaType` when `format` is null. */
  readonly name: string;
  readonly title: string | null;
  readonly uri: string | null;
  readonly format: Format | null;
  readonly mediaType: string | null;
  readonly metadata: Metadata;
  readonly bytes: Uint8Array;
}

/** Documents as the edges use them. A missing document is `document_not_found`. */
export interface Documents {
  /**
   * Durable and searchable (or `failed` with its reason) when resolved. One submission of JSON records gives
   * several documents. @throws `storage_full`, `collection_not_found`, `document_unsupported`.
   */
  submit(scope: Scope, submission: Submission, signal: AbortSignal): Promise<readonly DocumentRecord[]>;
  list(scope: Scope, request: DocumentListRequest): Promise<Page<DocumentRecord>>;
  get(scope: Scope, id: DocumentId): Promise<DocumentRecord>;
  chunks(scope: Scope, id: DocumentId, page: PageRequest): Promise<Page<HydratedChunk>>;
  /** The normalised text that citations of the searchable version point into. */
  text(scope: Scope, id: DocumentId): Promise<string>;
  original(
    scope: Scope,
    id: DocumentId,
  ): Promise<{ readonly bytes: Uint8Array; readonly record: DocumentRecord }>;
  delete(scope: Scope, id: DocumentId): Promise<void>;
}

export interface IngestProgress {
  /** Files looked at so far. */
  readonly done: number;
  /** Files found; grows while folders are read. */
  readonly found: number;
  readonly chunks: number;
  /** The last file that failed, if the event is about one. */
  readonly failure: { readonly item: string; readonly problem: DocumentProblem } | null;
}

export interface IngestSummary {
  readonly files: Readonly<
    Record<'found' | 'added' | 'updated' | 'unchanged' | 'removed' | 'failed' | 'skipped', number>
  >;
  readonly documents: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Failed items with their reasons (all of them). */
  readonly failures: readonly { readonly item: string; readonly problem: DocumentProblem }[];
  readonly skipped: readonly { readonly item: string; readonly problem: DocumentProblem }[];
}

export interface IngestRequest {
  readonly scope: Scope;
  /** Absolute paths of files and folders on this machine. A folder is synced: what is gone there is removed here. */
  readonly paths: readonly string[];
}

/** @throws `path_not_found`, `storage_full`, `storage_failed`; single files never throw. */
export type IngestFolder = (
  request: IngestRequest,
  onProgress: (progress: IngestProgress) => void,
  signal: AbortSignal,
) => Promise<IngestSummary>;
