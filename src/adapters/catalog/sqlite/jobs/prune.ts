import type { DatabaseSync } from 'node:sqlite';
import type { JobQueue } from '../../../../core/ingest/job-queue.ts';
import { contentSize, contentUse } from '../content-use.ts';
import { query, transaction } from '../database.ts';
import type { Synchronous } from '../synchronous.ts';

type PruneCalls = Synchronous<
  Pick<JobQueue, 'prune' | 'isContentUsed' | 'contentSize' | 'leftContent' | 'forgetContent'>
>;

/** Rows that one call deletes: the catalog is not held up by a large job. */
const ROWS_PER_CALL = 2000;

const LEFT = `content_hash IS NOT NULL AND state IN ('superseded', 'cancelled')`;

/** The calls of the queue that tidy up. */
export function pruneCalls(database: DatabaseSync): PruneCalls {
  const left = query<readonly [string]>(
    database,
    `SELECT DISTINCT content_hash FROM tasks WHERE ${LEFT} LIMIT ?`,
  );
  const forget = database.prepare(`UPDATE tasks SET content_hash = NULL WHERE ${LEFT} AND content_hash = ?`);
  return {
    isContentUsed: contentUse(database),
    contentSize: contentSize(database),
    leftContent: (limit) => left.all(limit).map(([hash]) => hash),
    forgetContent(hashes) {
      transaction(database, () => {
        for (const hash of hashes) forget.run(hash);
      });
    },
    prune: pruning(database),
  };
}

/** What is over, but for tasks that a retry needs. */
const OVER = `content_hash IS NULL AND state IN ('superseded', 'cancelled') OR state IN ('done', 'skipped')
  OR state = 'failed' AND (kind = 'listing' OR NOT EXISTS (SELECT 1 FROM documents d
    WHERE d.collection = tasks.collection AND d.item = tasks.item AND d.state = 'failed'))`;

function pruning(database: DatabaseSync): PruneCalls['prune'] {
  const border = query<readonly [number]>(
    database,
    'SELECT key FROM jobs ORDER BY key DESC LIMIT 1 OFFSET ?',
  );
  const oldTasks = database.prepare(
    `DELETE FROM tasks WHERE key IN (SELECT key FROM tasks WHERE job <= ? AND (${OVER})
     ORDER BY job LIMIT ${ROWS_PER_CALL})`,
  );
  const oldJobs = database.prepare(
    `DELETE FROM jobs WHERE key IN (SELECT j.key FROM jobs j WHERE j.key <= ?
     AND j.state IN ('done', 'failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job = j.key)
     ORDER BY j.key LIMIT ${ROWS_PER_CALL})`,
  );
  return (keep) => {
    const last = border.get(keep)?.[0] ?? null;
    if (last === null) return false;
    return transaction(database, () => {
      const tasks = Number(oldTasks.run(last).changes);
      return tasks + Number(oldJobs.run(last).changes) > 0;
    });
  };
}
