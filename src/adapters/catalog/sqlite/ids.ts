import type { DocumentId, VersionId } from '../../../core/documents/ids.ts';
import { HoldfastError } from '../../../core/errors.ts';

const ID = /^[0-9a-f]{32}$/;

/** The 16 bytes of an id, or null for a text that cannot be one. */
export function findBytes(id: DocumentId | VersionId): Uint8Array | null {
  return ID.test(id) ? Buffer.from(id, 'hex') : null;
}

/** The 16 bytes of an id that is to be stored. */
export function idBytes(id: DocumentId | VersionId): Uint8Array {
  const bytes = findBytes(id);
  if (bytes === null) throw new HoldfastError('internal_error', `"${id}" is not an id of 32 hex digits.`);
  return bytes;
}

export function documentIdOf(bytes: Uint8Array): DocumentId {
  return hex(bytes) as DocumentId;
}

export function versionIdOf(bytes: Uint8Array): VersionId {
  return hex(bytes) as VersionId;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
