import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  StagedContent,
  UploadName,
  UploadPart,
  UploadProgress,
  UploadStore,
} from '../../core/documents/uploads.ts';
import { HoldfastError } from '../../core/errors.ts';
import { sha256Hex, sha256HexOf } from '../../lib/hash.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { attempt, makeFolder, requireHash, sizeOf, syncFolder, unlessMissing } from './durable-files.ts';
import { PLAIN } from './packing.ts';

/**
 * Contents as files below `folder`, on the file system of the blobs and in their plain form, so that a folder of blobs
 * adopts one by a new name. `tmp` holds what is being received, and is emptied at the start; a folder for each tenant
 * holds `<hash>` and, while it is incomplete, `<hash>.part`. Only one process may use the folder at a time.
 * @throws HoldfastError `storage_full`, `storage_failed`.
 */
export async function folderUploads(folder: string): Promise<UploadStore> {
  await attempt(folder, async () => {
    await rm(join(folder, TEMPORARY), { recursive: true, force: true });
    await makeFolder(join(folder, TEMPORARY));
  });
  return new FolderUploads(folder);
}

const TEMPORARY = 'tmp';
/** The byte that says how a blob is stored. */
const HEADER_BYTES = 1;

interface Files {
  readonly complete: string;
  readonly part: string;
}

/** An append that is under way. */
interface Running {
  readonly takeover: AbortController;
  readonly over: Promise<void>;
}

class FolderUploads implements UploadStore {
  readonly #folder: string;
  readonly #running = new Map<string, Running>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async receive(pieces: AsyncIterable<Uint8Array>): Promise<StagedContent> {
    const place = join(this.#folder, TEMPORARY, randomUUID());
    const hash = createHash('sha256');
    try {
      const handle = await attempt(place, () => create(place));
      let sizeBytes = 0;
      try {
        for await (const piece of pieces) {
          hash.update(piece);
          await attempt(place, () => writeAt(handle, piece, HEADER_BYTES + sizeBytes));
          sizeBytes += piece.length;
        }
        await attempt(place, () => handle.sync());
      } finally {
        await handle.close();
      }
      return { hash: hash.digest('hex'), sizeBytes, place };
    } catch (error) {
      await rm(place, { force: true });
      throw error;
    }
  }

  async discard({ place }: StagedContent): Promise<void> {
    if (place !== null) await attempt(place, () => rm(place, { force: true }));
  }

  async progress(name: UploadName): Promise<UploadProgress | null> {
    const { complete, part } = this.#filesOf(name);
    const whole = await contentSize(complete);
    if (whole !== null) return { offset: whole, isComplete: true };
    const begun = await contentSize(part);
    return begun === null ? null : { offset: begun, isComplete: false };
  }

  async append(name: UploadName, part: UploadPart): Promise<UploadProgress> {
    const files = this.#filesOf(name);
    const before = this.#running.get(files.part);
    before?.takeover.abort(
      new HoldfastError('upload_offset_mismatch', `another request goes on with the upload ${name.hash}`),
    );
    const takeover = new AbortController();
    const ended = Promise.withResolvers<void>();
    const running = { takeover, over: ended.promise };
    this.#running.set(files.part, running);
    try {
      await before?.over;
      takeover.signal.throwIfAborted();
      return await this.#append(name, part, takeover.signal);
    } finally {
      if (this.#running.get(files.part) === running) this.#running.delete(files.part);
      ended.resolve();
    }
  }

  async #append(name: UploadName, part: UploadPart, signal: AbortSignal): Promise<UploadProgress> {
    const files = this.#filesOf(name);
    const found = await this.progress(name);
    const offset = found?.offset ?? 0;
    if (part.offset !== offset)
      throw new HoldfastError(
        'upload_offset_mismatch',
        `${offset} bytes of the upload are there, and the part begins at ${part.offset}`,
      );
    if (found?.isComplete === true) return found;
    if (found === null) await attempt(files.part, () => makeFolder(dirname(files.part)));
    const written = await write(files.part, part, { isNew: found === null, signal });
    if (written < part.length) return { offset: written, isComplete: false };
    await attempt(files.part, () => verify(files, name.hash));
    return { offset: written, isComplete: true };
  }

  async find(name: UploadName): Promise<StagedContent | null> {
    const place = this.#filesOf(name).complete;
    const sizeBytes = await contentSize(place);
    return sizeBytes === null ? null : { hash: name.hash, sizeBytes, place };
  }

  async remove(name: UploadName): Promise<void> {
    const { complete, part } = this.#filesOf(name);
    const running = this.#running.get(part);
    running?.takeover.abort(new HoldfastError('upload_not_found', `the upload ${name.hash} was removed`));
    await running?.over;
    for (const file of [complete, part]) await attempt(file, () => rm(file, { force: true }));
  }

  async removeOlder(than: number): Promise<void> {
    await attempt(this.#folder, async () => {
      for (const tenant of await readdir(this.#folder)) {
        if (tenant === TEMPORARY) continue;
        for (const name of await readdir(join(this.#folder, tenant))) {
          const file = join(this.#folder, tenant, name);
          const info = await unlessMissing(stat(file));
          if (info !== null && info.mtimeMs < than && !this.#running.has(file))
            await rm(file, { force: true });
        }
      }
    });
  }

  #filesOf({ tenant, hash }: UploadName): Files {
    requireHash(hash);
    // A tenant may have any name.
    const complete = join(this.#folder, sha256Hex(tenant).slice(0, 32), hash);
    return { complete, part: `${complete}.part` };
  }
}

/** A file that is killed before its header is there counts as nothing. */
async function contentSize(file: string): Promise<number | null> {
  const size = await attempt(file, () => sizeOf(file));
  return size === null || size < HEADER_BYTES ? null : size - HEADER_BYTES;
}

async function create(file: string): Promise<FileHandle> {
  const handle = await open(file, 'w', 0o600);
  try {
    await writeAt(handle, Uint8Array.of(PLAIN), 0);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const left = bytes.length - written;
    written += (await handle.write(bytes, written, left, position + written)).bytesWritten;
  }
}

interface WriteOptions {
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** How many bytes are there then, durably. What came before an error of `pieces` stays. */
async function write(file: string, part: UploadPart, { isNew, signal }: WriteOptions): Promise<number> {
  const handle = await attempt(file, () => (isNew ? create(file) : open(file, 'r+')));
  let { offset } = part;
  try {
    for await (const piece of untilTakenOver(part.pieces, signal)) {
      if (offset + piece.length > part.length)
        throw new HoldfastError(
          'invalid_request',
          `The upload has more than the ${part.length} bytes that it names`,
        );
      await attempt(file, () => writeAt(handle, piece, HEADER_BYTES + offset));
      offset += piece.length;
    }
    return offset;
  } catch (error) {
    // What the next one would need is space.
    if (error instanceof HoldfastError && error.code === 'storage_full')
      await handle.truncate(HEADER_BYTES + part.offset);
    throw error;
  } finally {
    await attempt(file, () => handle.sync());
    await handle.close();
    if (isNew) await attempt(file, () => syncFolder(dirname(file)));
  }
}

/** A client that has gone may never end its request. */
async function* untilTakenOver(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reading = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await untilAborted(signal, reading.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not waited for: it may wait for the client.
    void reading.return?.().catch(() => undefined);
  }
}

/** Gives a content its name, or removes it. */
async function verify({ part, complete }: Files, hash: string): Promise<void> {
  const actual = await sha256HexOf(createReadStream(part, { start: HEADER_BYTES }));
  if (actual !== hash) {
    await rm(part, { force: true });
    throw new HoldfastError('upload_hash_mismatch', `What was sent has the SHA-256 ${actual}, not ${hash}`);
  }
  await rename(part, complete);
  await syncFolder(dirname(complete));
}
