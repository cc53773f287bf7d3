import type { DatabaseSync } from 'node:sqlite';
import type { Catalog } from '../../../core/documents/catalog.ts';
import type { Clock } from '../../../lib/clock.ts';
import { query, storageError, transaction } from './database.ts';
import type { Synchronous } from './synchronous.ts';

/** The catalog's health: reads a row and commits one, so that a full or read-only disk shows. Never throws. */
export function healthCall(
  database: DatabaseSync,
  clock: Clock,
  path: string,
): Synchronous<Pick<Catalog, 'health'>>['health'] {
  const read = query<readonly [number]>(database, 'SELECT sequence FROM counter WHERE id = 1');
  const write = database.prepare('UPDATE counter SET probed_at = ? WHERE id = 1');
  const problem = (work: () => unknown): string | null => {
    try {
      work();
      return null;
    } catch (error) {
      return storageError(error, path).message;
    }
  };
  return () => {
    const readProblem = problem(() => read.get());
    const writeProblem = problem(() => transaction(database, () => write.run(clock.now())));
    return {
      readable: readProblem === null,
      writable: writeProblem === null,
      detail: readProblem ?? writeProblem,
    };
  };
}
