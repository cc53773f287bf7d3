import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The first byte of a packed blob says how the rest is stored: `PLAIN` as it is. */
export const PLAIN = 0;
const ZSTD = 1;

/** Below this size compression saves less than a block of the disk. */
const SMALLEST_TO_COMPRESS = 512;

const SMALLEST_TO_SAMPLE = 2 ** 20;
const SAMPLES = 8;
const SAMPLE_BYTES = 16 * 1024;

/** The header and the bytes, compressed when that saves a tenth or more. */
export async function packBlob(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  if (bytes.length >= SMALLEST_TO_COMPRESS && (await isWorthIt(bytes))) {
    const compressed = await compress(bytes);
    if (compressed.length < bytes.length * 0.9) return [Uint8Array.of(ZSTD), compressed];
  }
  return [Uint8Array.of(PLAIN), bytes];
}

/** Pictures and archives are large and do not shrink: a few samples tell. */
async function isWorthIt(bytes: Uint8Array): Promise<boolean> {
  if (bytes.length < SMALLEST_TO_SAMPLE) return true;
  const last = bytes.length - SAMPLE_BYTES;
  const places = Array.from({ length: SAMPLES }, (_, at) => Math.floor((at * last) / (SAMPLES - 1)));
  const sample = Buffer.concat(places.map((at) => bytes.subarray(at, at + SAMPLE_BYTES)));
  return (await compress(sample)).length < sample.length * 0.9;
}

/** @throws Error when the bytes were not made by `packBlob`. */
export async function unpackBlob(packed: Uint8Array): Promise<Uint8Array> {
  const body = packed.subarray(1);
  if (packed[0] === PLAIN) return body;
  if (packed[0] === ZSTD) return decompress(body);
  throw new Error(packed.length === 0 ? 'the file is empty' : `unknown header byte ${packed[0]}`);
}
