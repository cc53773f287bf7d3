/** Originals, addressed by the SHA-256 of their bytes (64 hexadecimal digits). */
export interface BlobStore {
  /**
   * Durable when resolved, or with the next commit of the catalog: nothing refers to it before. Storing the same content
   * again is cheap. @throws `storage_full`, `storage_failed`.
   */
  put(hash: string, bytes: Uint8Array): Promise<void>;
  /**
   * Stores the content that an upload store has staged at `place`, which is free afterwards; durable when resolved, and
   * in memory that does not grow with it. Null: it has to be there. @throws `upload_not_found`, `storage_full`, `storage_failed`.
   */
  adopt(hash: string, place: string | null): Promise<void>;
  /** @throws `storage_failed`. */
  has(hash: string): Promise<boolean>;
  /** The caller's own bytes; null when there is no such blob. @throws `storage_failed`, also for a damaged blob. */
  get(hash: string): Promise<Uint8Array | null>;
  /** No error when it is not there. A blob that comes back after a crash does no harm. @throws `storage_failed`. */
  delete(hash: string): Promise<void>;
}
