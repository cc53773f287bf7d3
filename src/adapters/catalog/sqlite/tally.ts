import type { DatabaseSync } from 'node:sqlite';
import type { StoredState } from '../../../core/documents/catalog.ts';

/** `queued`: a document that has only a task so far. */
export type CountedState = StoredState | 'queued';

/** What a document adds to the counters of its collection. */
interface Counted {
  readonly state: CountedState;
  readonly sizeBytes: number;
  readonly chunkCount: number;
}

/** Collects by how much one commit changes the counters. */
export interface Tally {
  add(document: Counted): void;
  remove(document: Counted): void;
  /** total, ready, failed, skipped, pending, chunks, size_bytes */
  changes(): readonly number[];
}

const COUNTER = {
  ready: 1,
  failed: 2,
  skipped: 3,
  queued: 4,
} as const satisfies Record<CountedState, number>;

function tally(): Tally {
  const sums = [0, 0, 0, 0, 0, 0, 0];
  const increase = (index: number, by: number): void => {
    sums[index] = (sums[index] ?? 0) + by;
  };
  const count = (document: Counted, sign: 1 | -1): void => {
    increase(0, sign);
    increase(COUNTER[document.state], sign);
    increase(5, sign * document.chunkCount);
    increase(6, sign * document.sizeBytes);
  };
  return {
    add: (document) => count(document, 1),
    remove: (document) => count(document, -1),
    changes: () => sums,
  };
}

/** Opens a tally and saves it, with the sequence number, in the row of the collection. */
export function tallies(database: DatabaseSync): {
  readonly open: () => Tally;
  readonly save: (tally: Tally, collection: number, sequence: number) => void;
} {
  const update = database.prepare(
    `UPDATE collections SET total = total + ?, ready = ready + ?, failed = failed + ?, skipped = skipped + ?,
     pending = pending + ?, chunks = chunks + ?, size_bytes = size_bytes + ?, sequence = ? WHERE key = ?`,
  );
  return {
    open: tally,
    save: (sums, collection, sequence) => {
      update.run(...sums.changes(), sequence, collection);
    },
  };
}
