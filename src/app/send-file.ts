import { createReadStream, openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { HoldfastError, toHoldfastError, type ErrorCode } from '../core/errors.ts';
import { sha256HexOf } from '../lib/hash.ts';
import type { WireUpload } from '../http/contract/upload.ts';
import type { Client } from './client.ts';

export interface SendOptions {
  readonly onProgress: (sent: { readonly offset: number; readonly length: number }) => void;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Small enough for a slow line to send within the time that a request has. */
const PART_BYTES = 16 * 2 ** 20;
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 500;

/** What passes by itself, or by asking where the upload goes on. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'server_unreachable',
  'shutting_down',
  'overloaded',
  'request_timeout',
  'storage_failed',
  'upload_offset_mismatch',
]);

/**
 * Sends a file in parts, in memory that does not grow with it, and goes on where it broke off, also one of an earlier
 * try. What the server knows is not sent. Resolves to the SHA-256 that a document can refer to.
 * @throws HoldfastError `path_not_found`, `invalid_usage` for a folder, and what the server refuses.
 */
export async function sendFile(
  client: Pick<Client, 'getUpload' | 'appendUpload'>,
  path: string,
  options: SendOptions,
): Promise<string> {
  const length = await sizeOf(path);
  const name = await sha256HexOf(createReadStream(path));
  const file = await openAsBlob(path);
  let state: WireUpload | null = null;
  for (let tries = 1; state?.complete !== true;) {
    try {
      state ??= await client.getUpload(name);
      const { offset } = state;
      options.onProgress({ offset, length });
      if (!state.complete)
        state = await client.appendUpload(name, {
          offset,
          length,
          bytes: file.slice(offset, offset + PART_BYTES),
        });
      tries = 1;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!PASSING.has(toHoldfastError(error).code) || tries === MAX_TRIES) throw error;
      await options.wait(FIRST_PAUSE_MS * 2 ** tries++, options.signal);
      state = null;
    }
  }
  options.onProgress({ offset: length, length });
  return name;
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch((error: unknown) => {
    throw new HoldfastError('path_not_found', `there is no file ${path}`, { cause: error });
  });
  if (info.isFile()) return info.size;
  throw new HoldfastError(
    'invalid_usage',
    `--server sends files, and ${path} is none; ingest it on the server`,
  );
}
