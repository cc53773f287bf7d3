import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { HoldfastError } from '../../../core/errors.ts';
import { migrate } from './schema.ts';

/** After so many pages in the log a commit writes it back: 64 MiB. */
export const INLINE_CHECKPOINT_PAGES = 8000;

export interface DatabaseOptions {
  /** The file; made when it is missing. */
  readonly path: string;
  /** Upper bound of the file's size in pages of 8 KiB, for tests of a full disk. */
  readonly maxPages?: number;
  /** Refuses writes as a disk does that can only be read, for tests. */
  readonly isReadOnly?: boolean;
}

/**
 * Opens the file durably (WAL, fsync per commit) and brings its schema up to date. No memory mapping:
 * with it an I/O error of the disk would be a signal that ends the process instead of an error.
 * @throws HoldfastError `data_folder_too_new`, `storage_full`, `storage_failed`.
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  try {
    return openLocking(options, 'NORMAL');
  } catch (error) {
    if (storageError(error, options.path).code !== 'storage_full') throw storageError(error, options.path);
  }
  try {
    // Needs no shared memory file, so that a restart on a full disk can still serve reads.
    return openLocking(options, 'EXCLUSIVE');
  } catch (error) {
    throw storageError(error, options.path);
  }
}

function openLocking(options: DatabaseOptions, lockingMode: 'NORMAL' | 'EXCLUSIVE'): DatabaseSync {
  const database = new DatabaseSync(options.path, { timeout: 2000 });
  try {
    database.exec(`
      PRAGMA locking_mode = ${lockingMode};
      PRAGMA page_size = 8192;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA cache_size = -65536;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;
      PRAGMA wal_autocheckpoint = ${INLINE_CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = 67108864;
    `);
    if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    migrate(database, options.path);
    if (options.isReadOnly === true) database.exec('PRAGMA query_only = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs `work` in one write transaction: committed and durable when it returns, undone when it throws. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors, such as a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * As `transaction`, without waiting for the disk: it survives the end of the process, but a loss of power only from the
 * next `transaction` on, which flushes what was written before it too. For what a restart finds out by itself.
 */
export function unflushedTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return transaction(database, work);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}

/** A prepared statement whose rows are tuples of type `Row`: a trusted boundary, the SQL must agree. */
export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | null;
  all(...values: SQLInputValue[]): readonly Row[];
}

export function query<Row extends readonly unknown[]>(database: DatabaseSync, sql: string): Query<Row> {
  const statement: StatementSync = database.prepare(sql);
  statement.setReturnArrays(true);
  return {
    get: (...values) => (statement.get(...values) as unknown as Row | undefined) ?? null,
    all: (...values) => statement.all(...values) as unknown as readonly Row[],
  };
}

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
/** No space to grow the WAL's shared memory file. */
const SQLITE_IOERR_SHMSIZE = 4874;

const WHAT: ReadonlyMap<number, (path: string) => string> = new Map([
  [SQLITE_BUSY, (path) => `Another process is using ${path}`],
  [SQLITE_READONLY, (path) => `${path} can only be read; reads go on`],
]);

/** What SQLite reported as an error of our table; errors that are ours already pass through. */
export function storageError(error: unknown, path: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = sqliteCode(error);
  const text = error instanceof Error ? error.message : String(error);
  if (code === null) return new HoldfastError('internal_error', text, { cause: error });
  if (code === SQLITE_FULL || code === SQLITE_IOERR_SHMSIZE) {
    return new HoldfastError('storage_full', `No space left to write ${path}: ${text}`, { cause: error });
  }
  const what = WHAT.get(code & 0xff)?.(path) ?? `Cannot use ${path}`;
  return new HoldfastError('storage_failed', `${what}: ${text} (SQLite error ${code})`, { cause: error });
}

/** SQLite's extended result code, -1 for a closed database, or null for an error from elsewhere. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  if (error.code === 'ERR_SQLITE_ERROR' && 'errcode' in error) return Number(error.errcode);
  return error.code === 'ERR_INVALID_STATE' ? -1 : null;
}
