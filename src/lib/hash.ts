import { createHash } from 'node:crypto';

/** SHA-256 of the bytes or UTF-8 text, as 64 lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The same of bytes that come piece by piece. */
export async function sha256HexOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** Whether a text has the form of `sha256Hex`. */
export function isSha256Hex(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/**
 * A 128-bit content address (32 hexadecimal digits) of several parts. Parts are length-prefixed,
 * so `['ab', 'c']` and `['a', 'bc']` differ.
 */
export function contentAddress(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}
