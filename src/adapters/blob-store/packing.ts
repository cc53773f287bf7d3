import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The first byte of a packed blob says how the rest is stored: `PLAIN` as it is. */
export const PLAIN = 0;
const ZSTD = 1;

/** Below this size compression saves less than a block of the disk. */
const SMALLEST_TO_COMPRESS = 512;

/** The bytes with their header, compressed when that saves a tenth or more. */
export async function packBlob(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length >= SMALLEST_TO_COMPRESS) {
    const compressed = await compress(bytes);
    if (compressed.length < bytes.length * 0.9) return withHeader(ZSTD, compressed);
  }
  return withHeader(PLAIN, bytes);
}

/** @throws Error when the bytes were not made by `packBlob`. */
export async function unpackBlob(packed: Uint8Array): Promise<Uint8Array> {
  const body = packed.subarray(1);
  if (packed[0] === PLAIN) return body;
  if (packed[0] === ZSTD) return decompress(body);
  throw new Error(packed.length === 0 ? 'the file is empty' : `unknown header byte ${packed[0]}`);
}

function withHeader(header: number, body: Uint8Array): Uint8Array {
  const packed = new Uint8Array(body.length + 1);
  packed[0] = header;
  packed.set(body, 1);
  return packed;
}
