import type { DatabaseSync } from 'node:sqlite';
import type { DocumentOrigin, Metadata } from '../../../../core/documents/document.ts';
import type { JobQueue } from '../../../../core/ingest/job-queue.ts';
import { PRIORITY, type NewTask, type TaskInput } from '../../../../core/ingest/job.ts';
import { requireCollection } from '../collections.ts';
import { query, transaction } from '../database.ts';
import { findBytes } from '../ids.ts';
import type { Synchronous } from '../synchronous.ts';
import { jobInsertion, taskInsertion, type QueueTools } from './enqueue.ts';

type FailedRow = readonly [
  item: string,
  origin: DocumentOrigin,
  title: string,
  uri: string | null,
  metadata: string,
  contentHash: string | null,
  sizeBytes: number,
  input: string | null,
  taskContentHash: string | null,
  givenLanguage: string | null,
];

/** Queues failed documents again: as their last task had them, or else from what the documents say. */
export function retryDocumentsCall(
  database: DatabaseSync,
  { key, now }: QueueTools,
): Synchronous<Pick<JobQueue, 'retryDocuments'>>['retryDocuments'] {
  const failed = query<FailedRow>(
    database,
    `SELECT d.item, d.origin, d.title, d.uri, d.metadata, d.content_hash, d.size_bytes, t.input, t.content_hash,
       d.given_language
     FROM documents d LEFT JOIN tasks t ON t.key = (
       SELECT max(l.key) FROM tasks l WHERE l.collection = d.collection AND l.item = d.item AND l.state = 'failed')
     WHERE d.collection = ?1 AND d.state <> 'ready' AND d.state = 'failed' AND (?2 IS NULL OR d.id = ?2)
     AND NOT EXISTS (SELECT 1 FROM tasks w WHERE w.collection = d.collection AND w.item = d.item
       AND w.kind = 'document' AND w.state IN ('queued', 'working'))`,
  );
  const insertJob = jobInsertion(database, now);
  const insertTask = taskInsertion(database, now);
  const setFound = database.prepare('UPDATE jobs SET found = ? WHERE key = ?');
  return (scope, job, id) =>
    transaction(database, () => {
      const collection = requireCollection(key, scope);
      const rows = failed.all(collection, id === null ? null : findBytes(id));
      const tasks = new Map(rows.map((row) => [row[0], toTask(row)]));
      if (tasks.size === 0) return false;
      const what = { id: job, kind: 'retry', priority: PRIORITY.interactive, tasks: [] } as const;
      const jobKey = insertJob(scope, collection, what);
      insertTask.documents({ scope, collection, job: jobKey }, [...tasks.values()]);
      setFound.run(tasks.size, jobKey);
      return true;
    });
}

function toTask(row: FailedRow): NewTask {
  const [item, origin, title, uri, metadata, contentHash, sizeBytes, ...rest] = row;
  const [input, taskContentHash, givenLanguage] = rest;
  const fromDocument: TaskInput = {
    name: item.split(/[\\/]/).at(-1) ?? item,
    format: null,
    mediaType: null,
    title: origin === 'api' ? title : null,
    uri,
    fallbackUri: null,
    metadata: JSON.parse(metadata) as Metadata,
    givenLanguage,
  };
  return {
    item,
    origin,
    input: input === null ? fromDocument : (JSON.parse(input) as TaskInput),
    contentHash: origin === 'api' ? (taskContentHash ?? contentHash) : null,
    sizeBytes,
  };
}
