import { HoldfastError } from '../../core/errors.ts';

export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** A part of the archive, not a copy. */
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const MAX_NAME_BYTES = 65_536;

/** Whether these are the first bytes of a tar archive. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && bytes[0] !== 0 && hasChecksum(bytes.subarray(0, BLOCK));
}

/**
 * The entries of a tar archive (ustar, GNU and pax names) in order.
 * @throws HoldfastError `document_malformed` at the place where it is broken or cut off.
 */
export function* tarEntries(bytes: Uint8Array, name: string): Generator<TarEntry> {
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!hasChecksum(header)) throw broken(name, at, 'a header has a wrong checksum');
    const size = numberAt(header, 124, 12);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > bytes.length)
      throw broken(name, at, `an entry of ${size} bytes is cut off`);
    const content = bytes.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    const type = field(header, 156, 1);
    if (type === 'L') longName = field(content, 0, Math.min(size, MAX_NAME_BYTES));
    else if (type === 'x') longName = paxPath(content) ?? longName;
    else if (type !== 'g' && type !== 'K') {
      yield { path: longName ?? shortName(header), kind: kindOf(type), bytes: content };
      longName = null;
    }
  }
}

function kindOf(type: string): TarEntry['kind'] {
  if (type === '0' || type === '' || type === '7') return 'file';
  if (type === '5') return 'folder';
  return type === '1' || type === '2' ? 'link' : 'other';
}

function shortName(header: Uint8Array): string {
  const prefix =
    field(header, 257, 5) === 'ustar' && field(header, 262, 1) !== ' ' ? field(header, 345, 155) : '';
  return prefix === '' ? field(header, 0, 100) : `${prefix}/${field(header, 0, 100)}`;
}

/** `length path=value\n` records. */
function paxPath(content: Uint8Array): string | null {
  const text = new TextDecoder().decode(content.subarray(0, MAX_NAME_BYTES));
  return /(?:^|\n)\d{1,8} path=([^\n]*)\n/.exec(text)?.[1] ?? null;
}

function hasChecksum(header: Uint8Array): boolean {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  return sum === numberAt(header, 148, 8);
}

/** Octal digits, or a binary number when the first bit is set. */
function numberAt(header: Uint8Array, at: number, length: number): number {
  const first = header[at] ?? 0;
  if (first < 0x80) return Number.parseInt(field(header, at, length).trim() || '0', 8);
  let value = first & 0x3f;
  for (let i = 1; i < length; i++) value = value * 256 + (header[at + i] ?? 0);
  return value;
}

/** Text up to the first zero byte. */
function field(bytes: Uint8Array, at: number, length: number): string {
  const part = bytes.subarray(at, at + length);
  const end = part.indexOf(0);
  return new TextDecoder().decode(end < 0 ? part : part.subarray(0, end));
}

function broken(name: string, at: number, what: string): HoldfastError {
  return new HoldfastError('document_malformed', `${name} is a damaged tar archive: ${what} at byte ${at}`);
}
