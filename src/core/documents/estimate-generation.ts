import { HoldfastError } from '../errors.ts';
import type { StoredSizes } from './generations.ts';

/** What another generation will need beside the live one. */
export interface GenerationEstimate {
  readonly chunks: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/** What there is for it. */
export interface Room {
  readonly diskBytes: number;
  /** For all indexes that are loaded. */
  readonly memoryBytes: number;
}

export interface EstimateParts {
  readonly sizes: StoredSizes;
  /** Target sizes of chunks of the live generation and of the other one. */
  readonly chunkTokens: { readonly live: number; readonly candidate: number };
  readonly dimensions: number;
  /** Memory of the live index. */
  readonly indexBytes: number;
}

/** Beside vector and text: keys, places, heading path, and pages that are not full. */
const CHUNK_ROW_BYTES = 120;
const DOCUMENT_ROW_BYTES = 1500;
/** The index on disk is about as large as in memory. A log of that size is kept while it is written. */
const WRITE_AHEAD_BYTES = 64 * 2 ** 20;

export function estimateGeneration(parts: EstimateParts): GenerationEstimate {
  const { sizes, chunkTokens, dimensions, indexBytes } = parts;
  const growth = chunkTokens.live / chunkTokens.candidate;
  const chunks = Math.ceil(sizes.chunks * growth);
  // Every text is stored whole and by chunks.
  const textBytes = 2 * sizes.chunks * sizes.chunkTextBytes;
  const memoryBytes = Math.ceil(indexBytes * Math.max(1, growth));
  const rowBytes = chunks * (dimensions + CHUNK_ROW_BYTES) + sizes.documents * DOCUMENT_ROW_BYTES;
  return {
    chunks,
    diskBytes: Math.ceil(textBytes + rowBytes + memoryBytes + WRITE_AHEAD_BYTES),
    memoryBytes,
  };
}

/** @throws HoldfastError `generation_does_not_fit`, with what is needed and what there is. */
export function requireRoom(estimate: GenerationEstimate, room: Room, indexBytes: number): void {
  if (estimate.diskBytes > room.diskBytes)
    throw new HoldfastError(
      'generation_does_not_fit',
      `it needs about ${megabytes(estimate.diskBytes)} of disk, and ${megabytes(room.diskBytes)} are free`,
    );
  const memoryBytes = indexBytes + estimate.memoryBytes;
  if (memoryBytes > room.memoryBytes)
    throw new HoldfastError(
      'generation_does_not_fit',
      `both indexes need about ${megabytes(memoryBytes)} of memory, and indexes may have ${megabytes(room.memoryBytes)}`,
    );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
