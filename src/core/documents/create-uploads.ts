import { HoldfastError } from '../errors.ts';
import type { JobQueue } from '../ingest/job-queue.ts';
import type { BlobStore } from './blob-store.ts';
import type {
  StagedContent,
  UploadBatch,
  UploadName,
  UploadProgress,
  Uploads,
  UploadStore,
} from './uploads.ts';

export interface UploadsDependencies {
  readonly store: UploadStore;
  readonly queue: Pick<JobQueue, 'contentSize'>;
  readonly blobs: Pick<BlobStore, 'has'>;
  readonly limits: UploadLimits;
}

export interface UploadLimits {
  /** Of all files of a request together. */
  readonly maxUploadBytes: number;
  /** Of one file. */
  readonly maxDocumentBytes: number;
}

export function createUploads({ store, queue, blobs, limits }: UploadsDependencies): Uploads {
  /** Of a content that a document of the tenant has. */
  const knownSize = async ({ tenant, hash }: UploadName): Promise<number | null> => {
    const size = await queue.contentSize(tenant, hash);
    return size !== null && (await blobs.has(hash)) ? size : null;
  };
  const known = async (name: UploadName): Promise<UploadProgress | null> => {
    const size = await knownSize(name);
    return size === null ? null : { offset: size, isComplete: true };
  };
  const begun = async (name: UploadName): Promise<UploadProgress> => {
    const found = await store.progress(name);
    if (found === null) throw notFound(name);
    return found;
  };
  return {
    maxBytes: limits.maxUploadBytes,
    begin: () => new Batch(store, limits),
    progress: async (name) => (await known(name)) ?? begun(name),
    async append(name, part) {
      requireLength(part.length, limits);
      return (await known(name)) ?? store.append(name, part);
    },
    async content(name) {
      const staged = await store.find(name);
      if (staged !== null) return staged;
      const size = await knownSize(name);
      if (size !== null) return { hash: name.hash, sizeBytes: size, place: null };
      const { offset } = await begun(name);
      throw new HoldfastError(
        'upload_incomplete',
        `${offset} bytes of the upload ${name.hash} are there, and not all of it`,
      );
    },
    remove: async (name) => store.remove(name),
  };
}

class Batch implements UploadBatch {
  readonly #store: UploadStore;
  readonly #limits: UploadLimits;
  readonly #received: StagedContent[] = [];
  #sizeBytes = 0;

  constructor(store: UploadStore, limits: UploadLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  async receive(name: string, pieces: AsyncIterable<Uint8Array>): Promise<StagedContent> {
    const content = await this.#store.receive(this.#limited(name, pieces));
    this.#received.push(content);
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const content of this.#received) await this.#store.discard(content);
  }

  async *#limited(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxDocumentBytes, maxUploadBytes } = this.#limits;
    let fileBytes = 0;
    for await (const piece of pieces) {
      fileBytes += piece.length;
      this.#sizeBytes += piece.length;
      if (fileBytes > maxDocumentBytes) throw tooLarge(name, maxDocumentBytes, 'HOLDFAST_MAX_DOCUMENT_BYTES');
      if (this.#sizeBytes > maxUploadBytes)
        throw tooLarge('The upload', maxUploadBytes, 'HOLDFAST_MAX_UPLOAD_BYTES');
      yield piece;
    }
  }
}

function requireLength(length: number, { maxDocumentBytes, maxUploadBytes }: UploadLimits): void {
  if (length > maxDocumentBytes)
    throw tooLarge('The upload', maxDocumentBytes, 'HOLDFAST_MAX_DOCUMENT_BYTES');
  if (length > maxUploadBytes) throw tooLarge('The upload', maxUploadBytes, 'HOLDFAST_MAX_UPLOAD_BYTES');
}

/** The error of an upload with more bytes than a setting allows. */
export function tooLarge(what: string, maxBytes: number, setting: string): HoldfastError {
  return new HoldfastError('upload_too_large', `${what} has more than ${maxBytes} bytes (${setting})`);
}

function notFound({ hash }: UploadName): HoldfastError {
  return new HoldfastError('upload_not_found', `nothing of the content ${hash} was sent`);
}
