import type { DatabaseSync } from 'node:sqlite';
import { isSha256Hex } from '../../../lib/hash.ts';
import type { SmallBlobs } from '../../blob-store/small-first.ts';
import { query, unflushedTransaction } from './database.ts';
import type { Synchronous } from './synchronous.ts';

/** Originals of small documents, beside the documents. */
export function smallBlobCalls(database: DatabaseSync): Synchronous<SmallBlobs> {
  const insert = database.prepare('INSERT OR IGNORE INTO small_blobs (hash, packed) VALUES (?, ?)');
  const find = query<readonly [number]>(database, 'SELECT 1 FROM small_blobs WHERE hash = ?');
  const read = query<readonly [Uint8Array]>(database, 'SELECT packed FROM small_blobs WHERE hash = ?');
  const remove = database.prepare('DELETE FROM small_blobs WHERE hash = ?');
  return {
    put(blobs) {
      // The transaction that lets something refer to them flushes them, too.
      unflushedTransaction(database, () => {
        for (const { hash, packed } of blobs) insert.run(bytesOf(hash), packed);
      });
    },
    has: (hash) => isSha256Hex(hash) && find.get(bytesOf(hash)) !== null,
    get: (hash) => (isSha256Hex(hash) ? (read.get(bytesOf(hash))?.[0] ?? null) : null),
    // One that comes back after a loss of power does no harm.
    delete: (hash) => void unflushedTransaction(database, () => remove.run(bytesOf(hash))),
  };
}

function bytesOf(hash: string): Uint8Array {
  return Buffer.from(hash, 'hex');
}
