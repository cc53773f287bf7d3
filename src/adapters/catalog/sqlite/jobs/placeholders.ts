import type { DatabaseSync } from 'node:sqlite';
import type { DocumentProblem } from '../../../../core/documents/document.ts';
import { documentId, type Scope } from '../../../../core/documents/ids.ts';
import type { NewTask } from '../../../../core/ingest/job.ts';
import { query } from '../database.ts';
import { idBytes } from '../ids.ts';
import { tallies, type CountedState } from '../tally.ts';

/** The item of a task, within a collection. */
export interface ItemPlace {
  readonly collection: number;
  readonly item: string;
}

export interface Placeholders {
  /** Makes a document for each that waits for its first version, unless the item has documents. */
  make(scope: Scope, collection: number, tasks: readonly NewTask[]): void;
  /** A task ends and leaves its item's document as this; only one that still waits for its first version changes. */
  resolve(place: ItemPlace, state: 'failed' | 'skipped', problem: DocumentProblem): void;
  /**
   * A task fails for good: the document of the whole item shows it, and keeps the version that it has. An item that
   * has only documents of its records gets one.
   */
  fail(scope: Scope, collection: number, task: NewTask, problem: DocumentProblem): void;
}

/** Documents of items that have nothing but a task so far. */
export function placeholders(database: DatabaseSync, now: () => number): Placeholders {
  const hasDocuments = query<readonly [number]>(
    database,
    'SELECT 1 FROM documents WHERE collection = ? AND item = ? LIMIT 1',
  );
  const write = insertion(database, now);
  const change = stateChanging(database, now);
  const count = counting(database);
  const add = (scope: Scope, collection: number, tasks: readonly NewTask[]): void => {
    const added = tasks.filter((task) => write(scope, collection, task));
    if (added.length > 0) count(collection, [], added.map(waiting));
  };
  return {
    make(scope, collection, tasks) {
      add(
        scope,
        collection,
        tasks.filter(({ item }) => hasDocuments.get(collection, item) === null),
      );
    },
    resolve: (place, state, problem) => change(place, { state, problem, isFirstOnly: true }),
    fail(scope, collection, task, problem) {
      // There already, unless the item is a list of records.
      add(scope, collection, [task]);
      change({ collection, item: task.item }, { state: 'failed', problem, isFirstOnly: false });
    },
  };
}

/** Writes a document that waits for its first version; false when there is one of its id. */
function insertion(
  database: DatabaseSync,
  now: () => number,
): (scope: Scope, collection: number, task: NewTask) => boolean {
  const insert = database.prepare(
    `INSERT INTO documents (collection, id, source_key, origin, item, state, title, uri, format, metadata, size_bytes,
       chunk_count, sequence, created_at, updated_at)
     SELECT key, ?2, ?3, ?4, ?3, 'queued', ?5, ?6, ?7, ?8, ?9, 0, sequence, ?10, ?10 FROM collections WHERE key = ?1
     ON CONFLICT DO NOTHING`,
  );
  return (scope, collection, { item, origin, input, sizeBytes }) => {
    const id = idBytes(documentId(scope, item));
    const { title, name, uri, format, metadata } = input;
    const shown = title ?? (name === '' ? item : name);
    const values = [shown, uri, format, JSON.stringify(metadata), sizeBytes, now()];
    return Number(insert.run(collection, id, item, origin, ...values).changes) > 0;
  };
}

function waiting({ sizeBytes }: NewTask): Counted {
  return { state: 'queued', sizeBytes, chunkCount: 0 };
}

interface StateChange {
  readonly state: 'failed' | 'skipped';
  readonly problem: DocumentProblem;
  readonly isFirstOnly: boolean;
}

function stateChanging(
  database: DatabaseSync,
  now: () => number,
): (place: ItemPlace, change: StateChange) => void {
  const find = query<readonly [number, CountedState, number, number]>(
    database,
    'SELECT key, state, size_bytes, chunk_count FROM documents WHERE collection = ? AND source_key = ? AND item = ?',
  );
  const update = database.prepare(
    'UPDATE documents SET state = ?, problem_code = ?, problem_reason = ?, updated_at = ? WHERE key = ?',
  );
  const count = counting(database);
  return ({ collection, item }, { state, problem, isFirstOnly }) => {
    const row = find.get(collection, item, item);
    if (row === null || (isFirstOnly && row[1] !== 'queued')) return;
    const [key, before, sizeBytes, chunkCount] = row;
    update.run(state, problem.code, problem.reason, now(), key);
    count(collection, [{ state: before, sizeBytes, chunkCount }], [{ state, sizeBytes, chunkCount }]);
  };
}

type Counted = Parameters<ReturnType<ReturnType<typeof tallies>['open']>['add']>[0];

/** Keeps the counters of the collection; its sequence number stays, for nothing that searches see has changed. */
function counting(
  database: DatabaseSync,
): (collection: number, before: readonly Counted[], after: readonly Counted[]) => void {
  const { open, save } = tallies(database);
  const sequence = query<readonly [number]>(database, 'SELECT sequence FROM collections WHERE key = ?');
  return (collection, before, after) => {
    const tally = open();
    for (const one of before) tally.remove(one);
    for (const one of after) tally.add(one);
    save(tally, collection, sequence.get(collection)?.[0] ?? 0);
  };
}
