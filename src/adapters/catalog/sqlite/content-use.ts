import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';

/** Whether a document, or a task that has not ended, refers to an original. */
export function contentUse(database: DatabaseSync): (contentHash: string) => boolean {
  const find = query<readonly [number]>(
    database,
    `SELECT 1 FROM documents
     WHERE substr(content_hash, 1, 12) = substr(?1, 1, 12) AND content_hash = ?1
     UNION ALL
     SELECT 1 FROM tasks WHERE content_hash = ?1 AND state IN ('queued', 'working') LIMIT 1`,
  );
  return (contentHash) => find.get(contentHash) !== null;
}
