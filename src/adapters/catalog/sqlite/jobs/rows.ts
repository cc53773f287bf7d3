import type { DatabaseSync } from 'node:sqlite';
import type { DocumentProblem } from '../../../../core/documents/document.ts';
import type { CollectionName, TenantId } from '../../../../core/documents/ids.ts';
import type { JobProblem, JobQueue } from '../../../../core/ingest/job-queue.ts';
import type { Job, JobId, JobKind, JobState, Priority } from '../../../../core/ingest/job.ts';
import { decodeCursor, encodeCursor } from '../../cursor.ts';
import { query } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';

type JobRow = readonly [
  key: number,
  id: JobId,
  tenant: TenantId,
  collection: CollectionName,
  kind: JobKind,
  state: JobState,
  priority: Priority,
  listing: number,
  problemCode: DocumentProblem['code'] | null,
  problemReason: string | null,
  createdAt: number,
  startedAt: number | null,
  finishedAt: number | null,
  found: number,
  queued: number,
  working: number,
  added: number,
  updated: number,
  unchanged: number,
  removed: number,
  failed: number,
  skipped: number,
  superseded: number,
  cancelled: number,
  documents: number,
  chunks: number,
  sizeBytes: number,
];

const SELECT = `SELECT j.key, j.id, j.tenant, c.name, j.kind, j.state, j.priority, j.listing, j.problem_code,
  j.problem_reason, j.created_at, j.started_at, j.finished_at, j.found, j.queued, j.working, j.added, j.updated,
  j.unchanged, j.removed, j.failed, j.skipped, j.superseded, j.cancelled, j.documents, j.chunks, j.size_bytes
  FROM jobs j JOIN collections c ON c.key = j.collection`;

/** Finds a tenant's job with its key. */
export type FindJob = (tenant: TenantId, id: JobId) => { readonly key: number; readonly job: Job } | null;

export function jobFinding(database: DatabaseSync): FindJob {
  const find = query<JobRow>(database, `${SELECT} WHERE j.tenant = ? AND j.id = ?`);
  return (tenant, id) => {
    const row = find.get(tenant, id);
    return row === null ? null : { key: row[0], job: toJob(row) };
  };
}

type JobReads = Synchronous<Pick<JobQueue, 'getJob' | 'listJobs' | 'jobProblems'>>;

/** The calls of the queue that only read. */
export function jobReads(database: DatabaseSync, findJob: FindJob): JobReads {
  const list = query<JobRow>(
    database,
    `${SELECT} WHERE j.tenant = ?1 AND j.key < ?2 AND (?3 IS NULL OR j.state = ?3) ORDER BY j.key DESC LIMIT ?4`,
  );
  const problems = query<readonly [string, DocumentProblem['code'], string]>(
    database,
    `SELECT DISTINCT d.source_key, d.problem_code, d.problem_reason
     FROM tasks t JOIN documents d ON d.collection = t.collection AND d.item = t.item
     WHERE t.job = ?1 AND t.state = ?2 AND d.state = ?2 AND d.problem_code IS NOT NULL ORDER BY d.source_key`,
  );
  return {
    getJob: (tenant, id) => findJob(tenant, id)?.job ?? null,
    listJobs(tenant, { limit, cursor, state }) {
      const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(decodeCursor('jobs', cursor));
      const rows = list.all(tenant, before, state ?? null, limit + 1);
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      return {
        items: items.map(toJob),
        nextCursor: last === undefined ? null : encodeCursor('jobs', String(last[0])),
      };
    },
    jobProblems(tenant, id, state) {
      const found = findJob(tenant, id);
      if (found === null) return [];
      return problems
        .all(found.key, state)
        .map(([item, code, reason]): JobProblem => ({ item, problem: { code, reason } }));
    },
  };
}

function toJob(row: JobRow): Job {
  const [, id, tenant, collection, kind, state, priority, listing, problemCode, problemReason, ...rest] = row;
  const [createdAt, startedAt, finishedAt, found, queued, working, added, updated, unchanged, ...more] = rest;
  const [removed, failed, skipped, superseded, cancelled, documents, chunks, bytes] = more;
  return {
    id,
    tenant,
    collection,
    kind,
    state,
    priority,
    counts: {
      found,
      queued: queued - (listing === 1 ? 1 : 0),
      working: working - (listing === 2 ? 1 : 0),
      added,
      updated,
      unchanged,
      removed,
      failed,
      skipped,
      superseded,
      cancelled,
      documents,
      chunks,
      bytes,
    },
    isListing: listing > 0,
    problem: problemCode === null ? null : { code: problemCode, reason: problemReason ?? '' },
    createdAt: new Date(createdAt).toISOString(),
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
  };
}
