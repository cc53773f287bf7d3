import { createUploads, type UploadLimits } from '../../src/core/documents/create-uploads.ts';
import type { Submission } from '../../src/core/documents/library.ts';
import type {
  StagedContent,
  UploadName,
  UploadProgress,
  Uploads,
  UploadStore,
} from '../../src/core/documents/uploads.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import { collected } from '../contract/collected.ts';

const arrived = new WeakMap<StagedContent, Uint8Array>();

/** The bytes of a submission, sent with it or before. */
export function bytesOf({ bytes }: Pick<Submission, 'bytes'>): Uint8Array {
  if (!('place' in bytes)) return bytes;
  const found = arrived.get(bytes);
  if (found === undefined) throw new Error(`${bytes.hash} was discarded, or never received`);
  return found;
}

export interface MemoryUploads extends Uploads {
  /** Contents that nobody has discarded. */
  readonly kept: ReadonlySet<StagedContent>;
}

function keyOf({ tenant, hash }: UploadName): string {
  return `${tenant} ${hash}`;
}

function stage(bytes: Uint8Array): StagedContent {
  const content = { hash: sha256Hex(bytes), sizeBytes: bytes.length, place: 'memory' };
  arrived.set(content, bytes);
  return content;
}

/** The real uploads over contents in memory. */
export function memoryUploads(limits: Partial<UploadLimits> = {}): MemoryUploads {
  const kept = new Set<StagedContent>();
  const sent = new Map<string, Buffer>();
  const complete = new Map<string, StagedContent>();
  const progress = (name: UploadName): UploadProgress | null => {
    const whole = complete.get(keyOf(name));
    if (whole !== undefined) return { offset: whole.sizeBytes, isComplete: true };
    const begun = sent.get(keyOf(name));
    return begun === undefined ? null : { offset: begun.length, isComplete: false };
  };
  const store: UploadStore = {
    async receive(pieces) {
      const content = stage(Buffer.concat(await collected(pieces)));
      kept.add(content);
      return content;
    },
    discard: async (content) => void kept.delete(content),
    progress: async (name) => progress(name),
    async append(name, part) {
      const before = sent.get(keyOf(name)) ?? Buffer.alloc(0);
      if (part.offset !== before.length)
        throw new HoldfastError('upload_offset_mismatch', `${before.length} bytes are there`);
      const bytes = Buffer.concat([before, ...(await collected(part.pieces))]);
      sent.set(keyOf(name), bytes);
      if (bytes.length < part.length) return { offset: bytes.length, isComplete: false };
      if (sha256Hex(bytes) !== name.hash) {
        sent.delete(keyOf(name));
        throw new HoldfastError('upload_hash_mismatch', 'another hash');
      }
      complete.set(keyOf(name), stage(bytes));
      return { offset: bytes.length, isComplete: true };
    },
    find: async (name) => complete.get(keyOf(name)) ?? null,
    async remove(name) {
      sent.delete(keyOf(name));
      complete.delete(keyOf(name));
    },
    removeOlder: async () => undefined,
  };
  const uploads = createUploads({
    store,
    queue: { contentSize: async () => null },
    blobs: { has: async () => false },
    limits: { maxUploadBytes: 2 ** 20, maxDocumentBytes: 2 ** 20, ...limits },
  });
  return { ...uploads, kept };
}
