import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HoldfastError } from '../core/errors.ts';
import { codeOf, isDiskFull } from '../lib/system-error.ts';

/** Who has a data folder, as `holdfast.lock.json` tells. */
export interface LockInfo {
  readonly pid: number;
  /** ISO time. */
  readonly startedAt: string;
  /** Where its API listens, or null while it does not. */
  readonly address: string | null;
  /** Random; whoever can read the folder may use it to speak to the owner. */
  readonly token: string;
}

/** A data folder that this process has to itself until it is disposed of or the process ends. */
export interface DataFolder extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  readonly token: string;
  /** Tells other processes where the API listens; null: nowhere. */
  setAddress(address: string | null): void;
}

/**
 * The lock itself: an empty SQLite file, locked by the operating system, which unlocks it however the owner
 * ends. Nothing else in the process may open it: on POSIX, closing any descriptor of a file drops its locks.
 */
const LOCK_FILE = 'lock.db';
/** What others may know about the owner. Believed only while the lock is held. */
const INFO_FILE = 'holdfast.lock.json';
/** Covers the moment in which `readLock` of another process holds the lock to look. */
const LOCK_WAIT_MS = 200;

/** Keeps locks from being garbage collected, and so released, when nobody else refers to them. */
const held = new Set<DatabaseSync>();

/**
 * Makes the folder when it is missing (only this user may enter) and takes it for this process.
 * @throws HoldfastError `data_folder_unusable`; `data_folder_locked` when it is taken, also by this process.
 */
export function openDataFolder(path: string, owner: Pick<LockInfo, 'pid' | 'startedAt'>): DataFolder {
  const folder = resolve(path);
  prepareFolder(folder);
  const lock = takeLock(folder);
  const token = randomBytes(32).toString('hex');
  const release = (): void => {
    rmSync(join(folder, INFO_FILE), { force: true });
    held.delete(lock);
    lock.close();
  };
  const setAddress = (address: string | null): void => {
    if (lock.isOpen) writeInfo(folder, { pid: owner.pid, startedAt: owner.startedAt, address, token });
  };
  try {
    setAddress(null);
  } catch (error) {
    release();
    throw unusable(folder, error);
  }
  return {
    path: folder,
    token,
    setAddress,
    async [Symbol.asyncDispose]() {
      if (lock.isOpen) release();
    },
  };
}

/**
 * Who has the folder now; null when nobody does. What a process that was killed left behind is not believed.
 * @throws HoldfastError `data_folder_unusable`.
 */
export function readLock(path: string): LockInfo | null {
  const folder = resolve(path);
  const info = readInfo(folder);
  return info !== null && isLocked(folder) ? info : null;
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!statSync(folder).isDirectory()) throw new Error('it is not a folder');
    const probe = join(folder, `.probe-${randomUUID()}`);
    writeFileSync(probe, '', { mode: 0o600 });
    rmSync(probe);
  } catch (error) {
    // A full disk must not keep a folder from being read.
    if (!isDiskFull(error)) throw unusable(folder, error);
  }
}

function takeLock(folder: string): DatabaseSync {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(join(folder, LOCK_FILE), { timeout: LOCK_WAIT_MS });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    held.add(lock);
    return lock;
  } catch (error) {
    lock?.close();
    throw isBusy(error) ? locked(folder) : unusable(folder, error);
  }
}

/** True while another connection, of this or any other process, has the lock. */
function isLocked(folder: string): boolean {
  if (!existsSync(join(folder, LOCK_FILE))) return false;
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(join(folder, LOCK_FILE), { readOnly: true });
    lock.exec('SELECT count(*) FROM sqlite_schema');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw unusable(folder, error);
  } finally {
    lock?.close();
  }
}

function locked(folder: string): HoldfastError {
  const info = readInfo(folder);
  const owner =
    info === null
      ? 'another process'
      : `process ${info.pid}${info.address === null ? '' : ` (${info.address})`}, started ${info.startedAt}`;
  return new HoldfastError('data_folder_locked', `${folder} is in use by ${owner}.`);
}

/** Readers see the old or the new information, never a part. */
function writeInfo(folder: string, info: LockInfo): void {
  const temporary = join(folder, `${INFO_FILE}.tmp`);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${JSON.stringify(info)}\n`, { mode: 0o600 });
    renameSync(temporary, join(folder, INFO_FILE));
  } catch (error) {
    // Others then learn less, but the lock holds: no reason not to start on a full disk.
    if (!isDiskFull(error)) throw error;
    for (const name of [temporary, join(folder, INFO_FILE)]) rmSync(name, { force: true });
  }
}

function readInfo(folder: string): LockInfo | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, INFO_FILE), 'utf8'));
    return isLockInfo(found) ? found : null;
  } catch {
    return null;
  }
}

function isLockInfo(value: unknown): value is LockInfo {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startedAt, address, token } = value as Record<string, unknown>;
  const isAddress = address === null || typeof address === 'string';
  return typeof pid === 'number' && typeof startedAt === 'string' && isAddress && typeof token === 'string';
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'a part of the path is not a folder',
};

function unusable(folder: string, error: unknown): HoldfastError {
  const text = error instanceof Error ? error.message : String(error);
  const reason = ADVICE[codeOf(error) ?? ''] ?? text;
  return new HoldfastError('data_folder_unusable', `${folder} cannot be used: ${reason}.`, { cause: error });
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}
