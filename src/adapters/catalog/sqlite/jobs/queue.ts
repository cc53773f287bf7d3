import type { DatabaseSync } from 'node:sqlite';
import type { JobQueue } from '../../../../core/ingest/job-queue.ts';
import type { ApplyChanges } from '../commit.ts';
import type { Synchronous } from '../synchronous.ts';
import { claimCalls } from './claim.ts';
import { controlCalls } from './control.ts';
import { enqueueCalls, type QueueTools } from './enqueue.ts';
import { pruneCalls } from './prune.ts';
import { recoverCall } from './recover.ts';
import { retryDocumentsCall } from './retry-documents.ts';
import { jobFinding, jobReads } from './rows.ts';
import { settleCalls } from './settle.ts';

/** All calls of the queue over the tables of the catalog. */
export function queueCalls(
  database: DatabaseSync,
  tools: QueueTools & { readonly apply: ApplyChanges },
): Synchronous<JobQueue> {
  const findJob = jobFinding(database);
  return {
    ...enqueueCalls(database, tools),
    ...claimCalls(database, tools),
    ...settleCalls(database, tools),
    ...jobReads(database, findJob),
    ...controlCalls(database, { ...tools, findJob }),
    recover: recoverCall(database, tools),
    retryDocuments: retryDocumentsCall(database, tools),
    ...pruneCalls(database),
  };
}
