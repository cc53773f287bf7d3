import type { DocumentListRequest, Page, PageRequest } from './catalog.ts';
import type { CollectionSettings, CollectionSummary } from './collection.ts';
import type {
  DocumentOrigin,
  DocumentProblem,
  DocumentRecord,
  Format,
  HydratedChunk,
  Metadata,
} from './document.ts';
import type { FindDuplicates } from './duplicates.ts';
import type { DocumentId, Scope, TenantId } from './ids.ts';
import type { StagedContent } from './uploads.ts';
import type { JobListRequest, JobProblem } from '../ingest/job-queue.ts';
import type { Job, JobId } from '../ingest/job.ts';
import type { PathPatterns } from '../ingest/source.ts';

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
  /** ISO 639-1: wins over that of the collection and what the document says. Null or left out: none is named. */
  readonly givenLanguage?: string | null;
  /** Or where they are, when they have arrived already. */
  readonly bytes: Uint8Array | StagedContent;
}

/** What was accepted. */
export interface Submitted {
  readonly job: JobId;
  /** Keys of the items, each once. */
  readonly items: readonly string[];
  /** Documents of the items as they are now. */
  readonly records: readonly DocumentRecord[];
}

/** Documents as the edges use them. A missing document is `document_not_found`. */
export interface Documents {
  /**
   * Durable when resolved, one job for all; their states say how far they are. One submission of JSON records gives
   * several documents. @throws `storage_full`, `collection_not_found`, `document_too_large`, and `upload_not_found`
   * when what has arrived is gone.
   */
  accept(scope: Scope, submissions: readonly Submission[]): Promise<Submitted>;
  /**
   * Resolves to the documents of a submission once they can be found, or have failed with a reason. When the signal
   * is aborted it rejects, and the work goes on.
   */
  settled(
    scope: Scope,
    submitted: Pick<Submitted, 'job' | 'items'>,
    signal: AbortSignal,
  ): Promise<readonly DocumentRecord[]>;
  /** Both: durable and searchable (or `failed` with its reason) when resolved. */
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
  /** Groups of documents with nearly the same text. */
  readonly duplicates: FindDuplicates;
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

/** Pages of the web to take in. A site is synced: pages that are gone there are removed here. */
export type WebRequest =
  | { readonly kind: 'urls'; readonly urls: readonly string[] }
  | { readonly kind: 'sitemap'; readonly url: string; readonly maxPages: number | null }
  | {
      readonly kind: 'crawl';
      readonly url: string;
      readonly maxPages: number | null;
      readonly maxDepth: number | null;
    };

export interface IngestRequest {
  readonly scope: Scope;
  /**
   * Absolute paths of files and folders on this machine, or of whatever else `origin` lists. A folder is synced: what
   * is gone there is removed here.
   */
  readonly paths: readonly string[];
  /** Instead of paths. */
  readonly web?: WebRequest;
  /** The folder that the paths are parts of: a path that is gone is removed, and the guard counts the whole folder. */
  readonly within?: string;
  /** Which files of the paths are taken; left out: all. The others count as gone. */
  readonly patterns?: PathPatterns;
  /** Deletes also more than 30 % of the documents of a folder. */
  readonly force?: boolean;
  /** Of the source that lists the paths; left out: `folder`. */
  readonly origin?: DocumentOrigin;
  /** ISO 639-1, for every document; `auto` takes back one that was named before. Left out: as it was named before. */
  readonly language?: string;
}

/** What a sync would do. */
export interface SyncPlan {
  readonly files: Readonly<
    Record<'found' | 'added' | 'updated' | 'unchanged' | 'removed' | 'failed' | 'skipped', number>
  >;
  /** Items that would be removed. */
  readonly removed: readonly string[];
  /** Why the sync would be refused; null when it would not. */
  readonly refusal: DocumentProblem | null;
}

/** Folders as the edges take them in. */
export interface Ingest {
  /** Durable when resolved: the folders will be brought in line. @throws `path_not_found`, `collection_not_found`. */
  start(request: IngestRequest): Promise<Job>;
  /**
   * Resolves once the job has ended. @throws what failed it, `storage_full` when it waits for space, and the signal's
   * reason when that is aborted; the job goes on then.
   */
  finished(
    job: Job,
    onProgress: (progress: IngestProgress) => void,
    signal: AbortSignal,
  ): Promise<IngestSummary>;
  /** Looks and changes nothing. @throws `path_not_found`, `collection_not_found`. */
  plan(request: IngestRequest, signal: AbortSignal): Promise<SyncPlan>;
}

/**
 * Starts an ingest and waits for its end. @throws as `Ingest`; single files never throw.
 */
export type IngestFolder = (
  request: IngestRequest,
  onProgress: (progress: IngestProgress) => void,
  signal: AbortSignal,
) => Promise<IngestSummary>;

/** Jobs as the edges use them. A missing one is `job_not_found`. */
export interface Jobs {
  list(tenant: TenantId, request: JobListRequest): Promise<Page<Job>>;
  get(tenant: TenantId, id: JobId): Promise<Job>;
  /** The job now and after every change until it has ended. */
  watch(tenant: TenantId, id: JobId, signal: AbortSignal): AsyncIterable<Job>;
  problems(tenant: TenantId, id: JobId): Promise<readonly JobProblem[]>;
  cancel(tenant: TenantId, id: JobId): Promise<Job>;
  pause(tenant: TenantId, id: JobId): Promise<Job>;
  resume(tenant: TenantId, id: JobId): Promise<Job>;
  /** Its failed documents again. */
  retry(tenant: TenantId, id: JobId): Promise<Job>;
  /** One failed document again, or all of the collection (null). Null: none has failed. @throws `document_not_found`. */
  retryDocuments(scope: Scope, id: DocumentId | null): Promise<Job | null>;
}
