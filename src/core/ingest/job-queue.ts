import type { CommitReceipt, DocumentChange, Page, PageRequest } from '../documents/catalog.ts';
import type { DocumentProblem } from '../documents/document.ts';
import type { DocumentId, Scope, TenantId } from '../documents/ids.ts';
import type {
  Job,
  JobCounts,
  JobId,
  JobKind,
  JobState,
  Lease,
  NewTask,
  Priority,
  Step,
  SyncRequest,
  Task,
} from './job.ts';

export type NewJob = {
  readonly id: JobId;
  readonly kind: JobKind;
  readonly priority: Priority;
} & ({ readonly tasks: readonly NewTask[] } | { readonly sync: SyncRequest });

export interface ClaimRequest {
  /** At most so many tasks. */
  readonly limit: number;
  /** Nothing is being worked on: a task that has to be alone may be given. */
  readonly isIdle: boolean;
  /** The claims are lost when no heartbeat comes for so long. */
  readonly leaseMs: number;
}

/** An item that a listing has settled by itself: it cannot be read, or was left out, or its failure is known. */
export interface SettledItem {
  readonly task: NewTask;
  readonly state: 'failed' | 'skipped';
  readonly problem: DocumentProblem;
}

export interface ListedBatch {
  readonly tasks: readonly NewTask[];
  readonly settled: readonly SettledItem[];
  /** Items that are as the catalog has them. One that this very job has brought in counts as such. */
  readonly unchanged: readonly string[];
  /** What the source says now of unchanged items whose documents, of this content, have another stamp. */
  readonly stamps: readonly { readonly item: string; readonly contentHash: string; readonly stamp: string }[];
  /** Of the listing before this batch, but for `found`: a listing that starts again counts from 0. */
  readonly counts: Pick<JobCounts, 'found' | 'unchanged' | 'removed'>;
}

/** What a task's item became. */
export interface TaskCommit {
  readonly lease: Lease;
  readonly changes: readonly DocumentChange[];
  readonly outcome: 'done' | 'failed' | 'skipped';
  /** Of a task that has not gone well. */
  readonly problem: DocumentProblem | null;
  readonly documents: number;
  readonly chunks: number;
  readonly bytes: number;
}

export interface TaskReceipt extends CommitReceipt {
  /** Tasks whose lease was lost: nothing of theirs was written. */
  readonly lost: readonly number[];
}

export interface JobListRequest extends PageRequest {
  readonly state?: JobState;
}

export interface JobProblem {
  /** The document's source key. */
  readonly item: string;
  readonly problem: DocumentProblem;
}

/**
 * Durable work: jobs of tasks, one task per item of a source. Kept beside the documents, because each of these calls
 * is one transaction over both:
 *
 * - An item has at most one task that is queued or being worked on, and what its documents show is that task's
 *   state. So a document is in a working state exactly while somebody has to work on it.
 * - A new task for an item supersedes the one before; a superseded task can write nothing any more.
 * - Every write by a worker names its lease and changes nothing when that is lost.
 * - A job ends in the transaction that ends its last task.
 *
 * Errors are those of `Catalog`. For an adapter on PostgreSQL: `claim` is `FOR UPDATE SKIP LOCKED`, the rest are
 * plain transactions.
 */
export interface JobQueue {
  /**
   * Accepts work: durable when it resolves. Documents of the items show `queued` from then on; an item that has none
   * gets one. Of tasks with the same item the last one stays. @throws `collection_not_found`.
   */
  enqueue(scope: Scope, job: NewJob): Promise<void>;
  /**
   * Adds what a listing has found to its job, unless the job has a task of the item already.
   * Resolves to the number of unchanged items; null: the lease is lost, nothing was written.
   */
  addListed(lease: Lease, batch: ListedBatch): Promise<number | null>;
  /** Ends a listing, well or with a problem, which fails the job. False: the lease is lost. */
  endListing(lease: Lease, problem: DocumentProblem | null): Promise<boolean>;

  /**
   * Gives out tasks that are due: by priority, but every eighth of the lowest one first; of one priority by tenants
   * in turn; of a tenant the oldest job first. Of a collection one `sync` lists at a time, in the order they came.
   */
  claim(request: ClaimRequest): Promise<readonly Task[]>;
  /** When the next queued task is due, in milliseconds since the epoch; null when nothing is queued. */
  nextDue(): Promise<number | null>;
  /** Prolongs leases by `leaseMs` and shows the steps. Returns the tasks that were lost. */
  heartbeat(
    leases: readonly (Lease & { readonly step: Step })[],
    leaseMs: number,
  ): Promise<readonly number[]>;
  /**
   * Writes what became of items of one collection, those whose lease was lost left out. Their documents show
   * `indexing` until `finish`.
   */
  commitTasks(scope: Scope, commits: readonly TaskCommit[]): Promise<TaskReceipt>;
  /** Ends committed tasks: searches were seen to find what was committed. */
  finish(leases: readonly Lease[]): Promise<void>;
  /** Puts a task back, not to be tried before `notBefore` (milliseconds since the epoch), and shows why. */
  retryLater(lease: Lease, notBefore: number, problem: DocumentProblem): Promise<void>;
  /** Puts tasks back as if they had not been tried: the worker stops in good order. */
  release(leases: readonly Lease[]): Promise<void>;
  /**
   * Puts back every task whose lease has run out; with `all` every task that is being worked on, because the process
   * that did has gone. A task that this happens to for the third time fails with `document_crashes`.
   * Returns how many there were.
   */
  recover(scope: 'expired' | 'all'): Promise<number>;

  getJob(tenant: TenantId, id: JobId): Promise<Job | null>;
  /** Newest first. */
  listJobs(tenant: TenantId, request: JobListRequest): Promise<Page<Job>>;
  /** Failed or skipped documents of a job's items, by source key. */
  jobProblems(tenant: TenantId, id: JobId, state: 'failed' | 'skipped'): Promise<readonly JobProblem[]>;
  /**
   * Ends a job's tasks but those that are committed already. A document that was never taken in is `skipped` with
   * `job_cancelled`, every other one is what it was. Null: there is no such job. A job that has ended stays as it is.
   */
  cancelJob(tenant: TenantId, id: JobId): Promise<Job | null>;
  /** No more tasks of the job are given out until `resumeJob`. Null: there is no such job. */
  pauseJob(tenant: TenantId, id: JobId): Promise<Job | null>;
  resumeJob(tenant: TenantId, id: JobId): Promise<Job | null>;
  /** Queues the failed tasks of a job again. Null: there is no such job. */
  retryJob(tenant: TenantId, id: JobId): Promise<Job | null>;
  /**
   * Queues failed documents again under a new job: one, or all that there are (null). False: none is failed, and
   * there is no new job.
   */
  retryDocuments(scope: Scope, job: JobId, id: DocumentId | null): Promise<boolean>;
  /** True while a document, or a task that has not ended, refers to the original. */
  isContentUsed(contentHash: string): Promise<boolean>;
  /** Bytes of an original that a document of the tenant, or a task that has not ended, refers to; null: none does. */
  contentSize(tenant: TenantId, contentHash: string): Promise<number | null>;
  /** Originals of tasks that ended without a document: they may be let go of. At most `limit`. */
  leftContent(limit: number): Promise<readonly string[]>;
  /** They were let go of. */
  forgetContent(contentHashes: readonly string[]): Promise<void>;
  /** Forgets tasks that went well and jobs that ended, but the newest `keep` of a tenant; a little at a time. */
  prune(keep: number): Promise<boolean>;
}
