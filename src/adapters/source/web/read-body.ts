import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { HoldfastError } from '../../../core/errors.ts';
import { shownUrl } from './checked-url.ts';

export interface ReadBodyOptions {
  readonly url: string;
  /** Bound of what is sent, and of what it unpacks to. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * The body, unpacked. Never holds more than `maxBytes` and one piece of it, whatever the headers promise.
 * @throws HoldfastError `url_too_large`, `url_malformed`.
 */
export async function readBody(response: IncomingMessage, options: ReadBodyOptions): Promise<Uint8Array> {
  const { url, maxBytes } = options;
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(url, maxBytes, '');
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === '' || encoding === 'identity') return gathered(response, options, '');
  const unpack = UNPACKERS[encoding];
  if (unpack === undefined)
    throw new HoldfastError('url_malformed', `${shownUrl(url)} is packed as "${encoding.slice(0, 40)}"`);
  const unpacked = unpack();
  // Errors reach the reader below; this only ends one stream with the other.
  pipeline(bounded(response, options), unpacked, () => undefined);
  try {
    return await gathered(unpacked, options, ' unpacked');
  } catch (error) {
    if (error instanceof HoldfastError || !isPackingError(error)) throw error;
    throw new HoldfastError(
      'url_malformed',
      `${shownUrl(url)} cannot be unpacked as ${encoding}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

type Unpacker = NodeJS.ReadWriteStream & Readable;

const UNPACKERS: Readonly<Record<string, () => Unpacker>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};

function isPackingError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^(Z_|ERR_BROTLI|ERR__ERROR|ERR_ZLIB|ERR_[A-Z_]*FORMAT)/.test(code) || /BROTLI|DECODER/i.test(code);
}

async function* bounded(
  stream: AsyncIterable<Uint8Array>,
  { url, maxBytes }: ReadBodyOptions,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > maxBytes) throw tooLarge(url, maxBytes, '');
    yield piece;
  }
}

async function gathered(
  stream: AsyncIterable<Uint8Array>,
  options: ReadBodyOptions,
  what: string,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    options.signal.throwIfAborted();
    size += piece.length;
    if (size > options.maxBytes) throw tooLarge(options.url, options.maxBytes, what);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

function tooLarge(url: string, maxBytes: number, what: string): HoldfastError {
  return new HoldfastError('url_too_large', `${shownUrl(url)} has more than ${maxBytes} bytes${what}`);
}
