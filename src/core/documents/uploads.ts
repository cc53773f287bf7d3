import type { TenantId } from './ids.ts';

/** Content that has arrived already, whole, while no document refers to it yet. */
export interface StagedContent {
  /** SHA-256 of the bytes: 64 lower-case hexadecimal digits. */
  readonly hash: string;
  readonly sizeBytes: number;
  /** Where `BlobStore.adopt` finds it; null: it is among the blobs. */
  readonly place: string | null;
}

/** How much of a content is there. */
export interface UploadProgress {
  /** Bytes from its beginning that are on the disk. */
  readonly offset: number;
  /** All of it is there, and has the hash that it is named by. */
  readonly isComplete: boolean;
}

/** A content that a tenant sends, by the hash that it will have. */
export interface UploadName {
  readonly tenant: TenantId;
  readonly hash: string;
}

/** A piece of a content, from `offset` on. */
export interface UploadPart {
  readonly offset: number;
  /** Bytes of the whole content. */
  readonly length: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Contents on their way in, on a disk, each in memory that does not grow with it. Uploads of different tenants know
 * nothing of each other. Errors of `pieces` are passed on as they are.
 */
export interface UploadStore {
  /** One content without a name of its own; nothing of it is left when it rejects. @throws `storage_full`, `storage_failed`. */
  receive(pieces: AsyncIterable<Uint8Array>): Promise<StagedContent>;
  /** Removes what nobody has adopted. */
  discard(content: StagedContent): Promise<void>;
  /** Null: nothing of it is there. */
  progress(name: UploadName): Promise<UploadProgress | null>;
  /**
   * Appends; durable when resolved. With the last byte the hash is verified. It takes the place of an append that is
   * still under way, which rejects. When `pieces` reject, what came before stays.
   * @throws `upload_offset_mismatch` unless `offset` bytes are there; `upload_hash_mismatch`, and nothing is left;
   * `invalid_request` for more than `length` bytes; `storage_full`, and nothing of this part is left; `storage_failed`.
   */
  append(name: UploadName, part: UploadPart): Promise<UploadProgress>;
  /** A complete content; null when there is none. */
  find(name: UploadName): Promise<StagedContent | null>;
  /** Removes it, complete or not. */
  remove(name: UploadName): Promise<void>;
  /** Removes what was last written to before that time, in milliseconds since the epoch. */
  removeOlder(than: number): Promise<void>;
}

/** Files of one request. Disposing it removes those that no document refers to. */
export interface UploadBatch extends AsyncDisposable {
  /** @throws `upload_too_large`, `storage_full`, `storage_failed`. */
  receive(name: string, pieces: AsyncIterable<Uint8Array>): Promise<StagedContent>;
}

/** Uploads as the edges use them. A content counts as known when the tenant has sent it, or has a document with it. */
export interface Uploads {
  /** The most that one request may send, all of its files together. */
  readonly maxBytes: number;
  begin(): UploadBatch;
  /** @throws `upload_not_found`. */
  progress(name: UploadName): Promise<UploadProgress>;
  /** As `UploadStore.append`; sends nothing that is known. @throws also `upload_too_large` before anything is read. */
  append(name: UploadName, part: UploadPart): Promise<UploadProgress>;
  /** What a submission refers to. @throws `upload_not_found`, `upload_incomplete`. */
  content(name: UploadName): Promise<StagedContent>;
  /** No error when it is not there; documents keep what they refer to. */
  remove(name: UploadName): Promise<void>;
}
