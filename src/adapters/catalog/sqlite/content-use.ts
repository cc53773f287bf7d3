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

/** The size of an original that a document of a tenant, or a task that has not ended, refers to. */
export function contentSize(database: DatabaseSync): (tenant: string, contentHash: string) => number | null {
  const find = query<readonly [number]>(
    database,
    `SELECT size_bytes FROM documents
     WHERE substr(content_hash, 1, 12) = substr(?1, 1, 12) AND content_hash = ?1
       AND collection IN (SELECT key FROM collections WHERE tenant = ?2)
     UNION ALL
     SELECT size_bytes FROM tasks WHERE content_hash = ?1 AND state IN ('queued', 'working')
       AND collection IN (SELECT key FROM collections WHERE tenant = ?2) LIMIT 1`,
  );
  return (tenant, contentHash) => find.get(contentHash, tenant)?.[0] ?? null;
}
