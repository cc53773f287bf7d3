/** Originals, addressed by the SHA-256 of their bytes (64 hexadecimal digits). */
export interface BlobStore {
  /** Durable when resolved. Storing the same content again is cheap. @throws `storage_full`, `storage_failed`. */
  put(hash: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is no such blob. */
  get(hash: string): Promise<Uint8Array | null>;
  /** No error when it is not there. */
  delete(hash: string): Promise<void>;
}
