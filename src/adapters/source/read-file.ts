import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { HoldfastError, type ErrorCode } from '../../core/errors.ts';

/** Opens a file for reading. */
export type OpenFile = (path: string, flags: number) => Promise<OpenedFile>;
export type OpenedFile = Pick<FileHandle, 'stat' | 'read' | typeof Symbol.asyncDispose>;

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** How often a file is read that changes meanwhile. */
const TRIES = 3;

/**
 * The bytes of a file as it was at one time: one that changes while it is read is read again. A link, a pipe or a
 * device that has taken the place of the file is not opened.
 * @throws HoldfastError `document_unreadable`, `document_vanished`, `document_too_large`, `document_changing`,
 * `document_link_skipped`.
 */
export async function readFile(
  path: string,
  maxBytes: number,
  openFile: OpenFile = open,
): Promise<Uint8Array> {
  return readWith(readAll, { path, maxBytes, openFile });
}

/** SHA-256 of what `readFile` would give, piece by piece. @throws as `readFile`. */
export async function hashFile(path: string, maxBytes: number, openFile: OpenFile = open): Promise<string> {
  return readWith(hashAll, { path, maxBytes, openFile });
}

interface Reading {
  readonly path: string;
  readonly maxBytes: number;
  readonly openFile: OpenFile;
}

/** What was read of a file, and how many bytes that took. */
interface Read<T> {
  readonly result: T;
  readonly length: number;
}

/** Reads up to `limit` bytes: a file that grows meanwhile is not followed. */
type ReadUpTo<T> = (file: OpenedFile, limit: number) => Promise<Read<T>>;

async function readWith<T>(read: ReadUpTo<T>, { path, maxBytes, openFile }: Reading): Promise<T> {
  try {
    // Without O_NONBLOCK, a pipe without a writer would hold this thread for ever.
    await using file = await openFile(path, FLAGS);
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await readAtRest(read, file, { path, maxBytes });
      if (found !== null) return found.result;
    }
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const code = CODES[(error as NodeJS.ErrnoException).code ?? ''] ?? 'document_unreadable';
    throw new HoldfastError(code, `${path}: ${reasonOf(error)}`, { cause: error });
  }
  throw new HoldfastError(
    'document_changing',
    `${path} was written to each of the ${TRIES} times it was read`,
  );
}

/** Null when the file changed meanwhile. */
async function readAtRest<T>(
  read: ReadUpTo<T>,
  file: OpenedFile,
  { path, maxBytes }: Pick<Reading, 'path' | 'maxBytes'>,
): Promise<Read<T> | null> {
  const before = await file.stat({ bigint: true });
  if (before.isDirectory()) throw new HoldfastError('document_unreadable', `${path}: it is a folder`);
  if (!before.isFile())
    throw new HoldfastError('document_unsupported', `${path} is neither a file nor a folder`);
  if (before.size > maxBytes) throw tooLarge(path, before.size, maxBytes);
  const found = await read(file, Number(before.size) + 1);
  const after = await file.stat({ bigint: true });
  if (after.size > maxBytes) throw tooLarge(path, after.size, maxBytes);
  const isSame = after.mtimeNs === before.mtimeNs && after.size === before.size;
  return isSame && BigInt(found.length) === before.size ? found : null;
}

async function readAll(file: OpenedFile, limit: number): Promise<Read<Uint8Array>> {
  const buffer = Buffer.allocUnsafeSlow(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return { result: buffer.subarray(0, length), length };
}

const HASHED_BYTES = 256 * 1024;

async function hashAll(file: OpenedFile, limit: number): Promise<Read<string>> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.min(limit, HASHED_BYTES));
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, limit - length), length);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return { result: hash.digest('hex'), length };
}

function tooLarge(path: string, size: bigint, maxBytes: number): HoldfastError {
  return new HoldfastError('document_too_large', `${path} has ${size} bytes; at most ${maxBytes} are read`);
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'document_vanished',
  ENOTDIR: 'document_vanished',
  ELOOP: 'document_link_skipped',
};

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is not there any more',
  ENOTDIR: 'it is not there any more',
  EISDIR: 'it is a folder',
  ELOOP: 'a symbolic link has taken its place',
  EIO: 'the disk reports an error',
  ENXIO: 'it is neither a file nor a folder',
};

/** Why the system refused, for people. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}
