import type { DatabaseSync } from 'node:sqlite';
import { query } from '../database.ts';

/**
 * Hands the work on a collection over to the generation that serves from now on: jobs, tasks, and the documents that
 * have nothing but a task so far.
 */
export function workMoving(database: DatabaseSync): (from: number, to: number) => void {
  const move = ['jobs', 'tasks'].map((table) =>
    database.prepare(`UPDATE ${table} SET collection = ?2 WHERE collection = ?1`),
  );
  const waiting = query<readonly [count: number, sizeBytes: number | null]>(
    database,
    "SELECT count(*), sum(size_bytes) FROM documents WHERE collection = ? AND state = 'queued'",
  );
  const moveWaiting = database.prepare(
    "UPDATE documents SET collection = ?2 WHERE collection = ?1 AND state = 'queued'",
  );
  const count = database.prepare(
    `UPDATE collections SET total = total + ?1, pending = pending + ?1, size_bytes = size_bytes + ?2 WHERE key = ?3`,
  );
  return (from, to) => {
    for (const statement of move) statement.run(from, to);
    const [documents, sizeBytes] = waiting.get(from) ?? [0, 0];
    if (documents === 0) return;
    moveWaiting.run(from, to);
    count.run(-documents, -(sizeBytes ?? 0), from);
    count.run(documents, sizeBytes ?? 0, to);
  };
}
