import type { Brand } from '../../lib/brand.ts';
import type {
  DocumentOrigin,
  DocumentProblem,
  DocumentState,
  Format,
  Metadata,
} from '../documents/document.ts';
import type { CollectionName, Scope, TenantId } from '../documents/ids.ts';
import type { PathPatterns } from './source.ts';

/** 32 hexadecimal digits. */
export type JobId = Brand<string, 'JobId'>;

/** `upload`: documents sent over the API. `sync`: a source is brought in line. `retry`: failed documents again. */
export type JobKind = 'upload' | 'sync' | 'retry';

export const JOB_STATES = ['queued', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
/** `done`: every task has ended, also when some failed. `failed`: the source itself could not be taken in. */
export type JobState = (typeof JOB_STATES)[number];

/** What a task goes through. A step that is begun again after a crash changes nothing that is there already. */
export const STEPS = ['fetch', 'parse', 'split', 'embed', 'commit', 'index'] as const;
export type Step = (typeof STEPS)[number];

/** What a document shows while its task is at a step. */
export const STATE_OF_STEP = {
  fetch: 'fetching',
  parse: 'parsing',
  split: 'splitting',
  embed: 'embedding',
  commit: 'indexing',
  index: 'indexing',
} as const satisfies Record<Step, DocumentState>;

/** Smaller goes first: an upload is not behind an import of a million files. */
export const PRIORITY = { interactive: 0, bulk: 1 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** How a source is brought in line. */
export interface SyncRequest {
  readonly origin: DocumentOrigin;
  /** Absolute paths, or whatever the source of that origin lists. */
  readonly roots: readonly string[];
  /** Deletes also more than the guard allows. */
  readonly force: boolean;
  /** The folder that the roots are parts of: the guard counts all of it, and a root that is gone is deleted. */
  readonly within?: string;
  /** As in `IngestRequest`. */
  readonly language?: string;
  /** Which files of the roots are taken; left out: all. */
  readonly patterns?: PathPatterns;
}

/** Numbers of items, but for `documents`, `chunks` and `bytes`. */
export interface JobCounts {
  /** Items that the listing has seen, or that were uploaded. */
  readonly found: number;
  readonly queued: number;
  readonly working: number;
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A newer version came before this one was taken in. */
  readonly superseded: number;
  readonly cancelled: number;
  readonly documents: number;
  readonly chunks: number;
  readonly bytes: number;
}

export interface Job {
  readonly id: JobId;
  readonly tenant: TenantId;
  readonly collection: CollectionName;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly priority: Priority;
  readonly counts: JobCounts;
  /** True while the source is still being listed: `found` grows. */
  readonly isListing: boolean;
  /** Why it failed; while it runs, what it waits for. */
  readonly problem: DocumentProblem | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** How an item is to be prepared. What is null is found out from the bytes. */
export interface TaskInput {
  /** File name, for the format, messages and the title of last resort. */
  readonly name: string;
  readonly format: Format | null;
  readonly mediaType: string | null;
  /** Given from outside; each wins over what the document says. */
  readonly title: string | null;
  readonly uri: string | null;
  /** Used when neither names one. */
  readonly fallbackUri: string | null;
  readonly metadata: Metadata;
  /** ISO 639-1: named for this item, whatever its collection says. Null or left out: none was. */
  readonly givenLanguage?: string | null;
  /** As the source listed the item, before its bytes were read. Null or left out: it did not say. */
  readonly stamp?: string | null;
}

/** One item to take in. */
export interface NewTask {
  readonly item: string;
  readonly origin: DocumentOrigin;
  readonly input: TaskInput;
  /** Of the stored original; null: the source is asked for the bytes. */
  readonly contentHash: string | null;
  readonly sizeBytes: number;
}

/** The right to work on a task. It is lost when the task is superseded, cancelled, or its time runs out. */
export interface Lease {
  readonly task: number;
  /** Made anew for each claim. */
  readonly token: string;
}

interface Claimed extends Lease {
  readonly job: JobId;
  readonly scope: Scope;
  readonly priority: Priority;
  /** Counts this one. */
  readonly tries: number;
  /** Its process died twice while it was worked on: nothing else is worked on beside it. */
  readonly isAlone: boolean;
}

export interface DocumentTask extends Claimed, NewTask {
  readonly kind: 'document';
  /** The version is committed; what is left is to see that searches find it. */
  readonly isCommitted: boolean;
}

export interface ListingTask extends Claimed {
  readonly kind: 'listing';
  readonly request: SyncRequest;
}

export type Task = DocumentTask | ListingTask;
