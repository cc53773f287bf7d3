import { crc32, inflateRawSync } from 'node:zlib';
import { UNPACK_LIMITS, type UnpackBudget } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';

/** A file or folder of a ZIP archive, as its directory describes it. */
export interface ZipEntry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly crc: number;
  /** Of its local header. */
  readonly offset: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 65_535;
const MAX_32 = 0xffff_ffff;
const STORED = 0;
const DEFLATED = 8;

/**
 * Lists what is in a ZIP archive, from the directory at its end.
 * @throws HoldfastError `document_malformed`; `document_unpack_limit` for too many entries, and for files that share
 * their bytes, as only bombs do.
 */
export function zipEntries(archive: Uint8Array, name: string): readonly ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const directory = findDirectory(view, name);
  const entries: ZipEntry[] = [];
  if (directory.count > UNPACK_LIMITS.entries)
    throw new HoldfastError(
      'document_unpack_limit',
      `${name}: it has ${directory.count} entries; at most ${UNPACK_LIMITS.entries} are read`,
    );
  for (let at = directory.start; entries.length < directory.count;) {
    if (at + ENTRY_BYTES > archive.length || view.getUint32(at, true) !== ENTRY_SIGNATURE)
      throw broken(name, `entry ${entries.length + 1} of its directory is missing`);
    entries.push(readEntry(archive, view, at));
    at +=
      ENTRY_BYTES +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  refuseOverlap(entries, name);
  return entries;
}

/**
 * The bytes of an entry, checked against its checksum.
 * @throws HoldfastError `document_encrypted`, `document_unsupported`, `document_malformed`, `document_unpack_limit`.
 */
export function unzipEntry(archive: Uint8Array, entry: ZipEntry, budget: UnpackBudget): Uint8Array {
  const { path, method, packedBytes, isEncrypted } = entry;
  if (isEncrypted) throw new HoldfastError('document_encrypted', `${path} is protected with a password`);
  if (method !== STORED && method !== DEFLATED)
    throw new HoldfastError(
      'document_unsupported',
      `${path} is packed with method ${method}, which is not read`,
    );
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const { offset } = entry;
  if (offset + LOCAL_BYTES > archive.length || view.getUint32(offset, true) !== LOCAL_SIGNATURE)
    throw broken(path, 'its header is missing');
  const start = offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packedBytes > archive.length) throw broken(path, 'it is cut off');
  const packed = archive.subarray(start, start + packedBytes);
  const allowed = budget.allowance(packedBytes);
  // What it says of itself is not believed, but saves the work.
  if (entry.bytes > allowed) throw budget.exceeded(path, packedBytes, allowed);
  const content = method === STORED ? packed : inflate(packed, { entry, budget, allowed });
  budget.takeBytes(content.length);
  if (content.length !== entry.bytes || crc32(content) !== entry.crc)
    throw broken(path, 'its bytes do not match their checksum');
  return content;
}

interface Inflation {
  readonly entry: ZipEntry;
  readonly budget: UnpackBudget;
  readonly allowed: number;
}

function inflate(packed: Uint8Array, { entry, budget, allowed }: Inflation): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, allowed) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const error = budget.exceeded(entry.path, entry.packedBytes, allowed);
      budget.takeBytes(allowed);
      throw error;
    }
    throw broken(entry.path, cause instanceof Error ? cause.message : String(cause));
  }
}

function findDirectory(view: DataView, name: string): { readonly start: number; readonly count: number } {
  const first = Math.max(0, view.byteLength - END_BYTES - MAX_COMMENT);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const count = view.getUint16(at + 10, true);
    const start = view.getUint32(at + 16, true);
    return count === 0xffff || start === MAX_32 ? directory64(view, at, name) : { count, start };
  }
  throw broken(name, 'the directory at its end is missing');
}

function directory64(
  view: DataView,
  end: number,
  name: string,
): { readonly start: number; readonly count: number } {
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64_SIGNATURE)
    throw broken(name, 'the locator of its large directory is missing');
  const at = Number(view.getBigUint64(locator + 8, true));
  if (at + 56 > view.byteLength || view.getUint32(at, true) !== END64_SIGNATURE)
    throw broken(name, 'its large directory is missing');
  return { count: Number(view.getBigUint64(at + 32, true)), start: Number(view.getBigUint64(at + 48, true)) };
}

function readEntry(archive: Uint8Array, view: DataView, at: number): ZipEntry {
  const flags = view.getUint16(at + 8, true);
  const nameBytes = view.getUint16(at + 28, true);
  const nameEnd = at + ENTRY_BYTES + nameBytes;
  const extraEnd = Math.min(archive.length, nameEnd + view.getUint16(at + 30, true));
  const path = decodePath(archive.subarray(at + ENTRY_BYTES, Math.min(nameEnd, archive.length)));
  const mode = view.getUint32(at + 38, true) >>> 16;
  return {
    path,
    isFolder: path.endsWith('/'),
    isLink: (mode & 0xf000) === 0xa000,
    isEncrypted: (flags & 1) !== 0,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    ...sizes(view, at, { from: nameEnd, to: extraEnd }),
  };
}

/** Sizes and offset; those that do not fit in 32 bits stand in an extra field, in this order. */
function sizes(
  view: DataView,
  at: number,
  extra: { readonly from: number; readonly to: number },
): Pick<ZipEntry, 'bytes' | 'packedBytes' | 'offset'> {
  const values = [24, 20, 42].map((place) => view.getUint32(at + place, true));
  for (let from = extra.from; from + 4 <= extra.to;) {
    const end = from + 4 + view.getUint16(from + 2, true);
    if (view.getUint16(from, true) === 1) {
      let place = from + 4;
      for (const [index, value] of values.entries()) {
        if (value !== MAX_32 || place + 8 > Math.min(end, extra.to)) continue;
        values[index] = Number(view.getBigUint64(place, true));
        place += 8;
      }
    }
    from = end;
  }
  const [bytes = 0, packedBytes = 0, offset = 0] = values;
  return { bytes, packedBytes, offset };
}

/** UTF-8 with or without the flag that says so; old archives have some 8-bit code page. */
function decodePath(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function refuseOverlap(entries: readonly ZipEntry[], name: string): void {
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [index, entry] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next === undefined || entry.offset + LOCAL_BYTES + entry.packedBytes <= next.offset) continue;
    throw new HoldfastError(
      'document_unpack_limit',
      `${name}: ${JSON.stringify(entry.path)} and ${JSON.stringify(next.path)} share their bytes`,
    );
  }
}

function broken(name: string, what: string): HoldfastError {
  return new HoldfastError('document_malformed', `${name} is damaged: ${what}`);
}
