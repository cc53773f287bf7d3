import { createHash, hash } from 'node:crypto';

/** SHA-256 of the bytes or UTF-8 text, as 64 lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** The same of bytes that come piece by piece. */
export async function sha256HexOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all = createHash('sha256');
  for await (const piece of pieces) all.update(piece);
  return all.digest('hex');
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
  let all = '';
  for (const part of parts) all += `${Buffer.byteLength(part)}:${part}`;
  return hash('sha256', all, 'hex').slice(0, 32);
}
