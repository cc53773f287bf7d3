import { HoldfastError } from '../../core/errors.ts';

const MAGIC: readonly (readonly [signature: string, kind: string])[] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF-', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive (also DOCX, XLSX, EPUB, JAR)'],
  ['\x1f\x8b', 'gzip-compressed data'],
  ['BZh', 'bzip2-compressed data'],
  ['\xfd7zXZ', 'xz-compressed data'],
  ['\x28\xb5\x2f\xfd', 'zstd-compressed data'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['\x7fELF', 'an ELF executable'],
  ['MZ\x90', 'a Windows executable'],
  ['\xca\xfe\xba\xbe', 'a Java class or Mach-O executable'],
  ['\xd0\xcf\x11\xe0', 'an old Office document'],
  ['SQLite format 3\0', 'a SQLite database'],
  ['RIFF', 'RIFF media'],
  ['OggS', 'Ogg media'],
  ['\0asm', 'a WebAssembly module'],
];
/** Bytes 00-08, 0E-1A, 1C-1F, 7F: never part of written text (ESC stays, logs have it). */
const IS_CONTROL = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127),
);
/** Bytes that Windows-1252 leaves undefined. */
const UNDEFINED_IN_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
/** Above this share of non-ASCII bytes a text is not in a Latin 8-bit encoding. */
const MAX_HIGH_SHARE = 0.4;
const DECLARED_ENCODING = /(?:charset|encoding)\s*=\s*["']?([a-z0-9_-]{3,20})/i;

/**
 * The normalised text of a file: UTF-8, UTF-16 (with or without byte order mark), a declared HTML or XML
 * charset, else Windows-1252 when it looks like text.
 * @throws HoldfastError `document_binary`, `document_empty`, `document_malformed` naming the file.
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const text = normaliseText(decodeBytes(bytes, name));
  if (!/\S/.test(text))
    throw new HoldfastError('document_empty', `${name} holds no text (${bytes.length} bytes)`);
  return text;
}

/** Drops the byte order mark and NUL, makes line ends `\n` and replaces lone surrogates. */
export function normaliseText(text: string): string {
  let result = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (result.includes('\r')) result = result.replace(/\r\n?/g, '\n');
  if (result.includes('\0')) result = result.replaceAll('\0', '');
  return result.toWellFormed();
}

/** Whether the first bytes look like text in some encoding that `decodeText` knows. */
export function looksTextual(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  if (knownBinary(head) !== null) return false;
  if (byteOrderMark(head) !== null || utf16ByPattern(head) !== null) return true;
  return controlCount(head) <= head.length * 0.01;
}

function decodeBytes(bytes: Uint8Array, name: string): string {
  const marked = byteOrderMark(bytes) ?? utf16ByPattern(bytes);
  if (marked !== null) return checkedText(new TextDecoder(marked).decode(bytes), name);
  const binary = knownBinary(bytes);
  if (binary !== null) throw new HoldfastError('document_binary', `${name} is ${binary}, not text`);
  const controls = controlCount(bytes);
  const text = tryDecode(bytes, 'utf-8');
  if (text !== null) {
    if (controls > 2 && controls > bytes.length * 0.02) throw controlError(name, controls, bytes.length);
    return text;
  }
  if (controls > bytes.length * 0.002) throw controlError(name, controls, bytes.length);
  return declaredText(bytes) ?? latinText(bytes, name);
}

function byteOrderMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return null;
}

/** UTF-16 text in a script with spaces or line ends has its zero bytes at one parity only. */
function utf16ByPattern(bytes: Uint8Array): string | null {
  const length = Math.min(bytes.length, 65_536);
  if (length % 2 !== 0) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < length; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  if (Math.max(even, odd) < 2 || Math.min(even, odd) > Math.max(even, odd) * 0.02) return null;
  const encoding = odd > even ? 'utf-16le' : 'utf-16be';
  if (Math.max(even, odd) > length * 0.2) return encoding;
  const sample = tryDecode(bytes.subarray(0, length), encoding);
  return sample !== null && /^[\p{L}\p{M}\p{N}\p{P}\p{S}\s]+$/u.test(sample) ? encoding : null;
}

function checkedText(text: string, name: string): string {
  let controls = 0;
  for (let i = 0; i < text.length; i++) controls += IS_CONTROL[text.charCodeAt(i)] ?? 0;
  if (controls > 2 && controls > text.length * 0.02) throw controlError(name, controls, text.length);
  return text;
}

function knownBinary(bytes: Uint8Array): string | null {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  return MAGIC.find(([signature]) => head.startsWith(signature))?.[1] ?? null;
}

function controlCount(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) count += IS_CONTROL[bytes[i] ?? 0] ?? 0;
  return count;
}

function tryDecode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function declaredText(bytes: Uint8Array): string | null {
  const head = String.fromCharCode(...bytes.subarray(0, 1024));
  const encoding = DECLARED_ENCODING.exec(head)?.[1];
  return encoding === undefined || /^utf-?8$/i.test(encoding) ? null : tryDecode(bytes, encoding);
}

function latinText(bytes: Uint8Array, name: string): string {
  let high = 0;
  let undefinedBytes = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) high++;
    if (UNDEFINED_IN_1252.has(byte)) undefinedBytes++;
  }
  if (high > bytes.length * MAX_HIGH_SHARE || undefinedBytes > bytes.length * 0.02) {
    const share = Math.round((high / bytes.length) * 100);
    throw new HoldfastError(
      'document_binary',
      `${name} is neither UTF-8 nor UTF-16 nor Windows-1252 (${share} % of its bytes are not ASCII); save it as UTF-8`,
    );
  }
  return new TextDecoder('windows-1252').decode(bytes);
}

function controlError(name: string, controls: number, length: number): HoldfastError {
  return new HoldfastError(
    'document_binary',
    `${name} has ${controls} control characters in ${length} bytes: binary data, not text`,
  );
}
