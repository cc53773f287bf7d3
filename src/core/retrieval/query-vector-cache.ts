import { ByteBoundedCache } from '../../lib/byte-bounded-cache.ts';
import type { TenantId } from '../documents/ids.ts';

/** What a query vector depends on; the tenant keeps one from learning what another asks. */
export interface QueryVectorKey {
  /** Null for a question to no collection. */
  readonly tenant: TenantId | null;
  readonly model: string;
  readonly query: string;
}

/** Remembers the vectors of queries by exact text, so that a query asked before outlives the model that embeds it. */
export interface QueryVectorCache {
  get(key: QueryVectorKey): Float32Array | null;
  set(key: QueryVectorKey, vector: Float32Array): void;
}

const DEFAULT_BYTES = 8 * 2 ** 20;

/** The least recently used vectors go when they take more than `maxBytes`. */
export function createQueryVectorCache(maxBytes = DEFAULT_BYTES): QueryVectorCache {
  const vectors = new ByteBoundedCache<Float32Array>(maxBytes);
  return {
    get: (key) => vectors.get(keyText(key)) ?? null,
    set: (key, vector) => vectors.set(keyText(key), vector.slice(), vector.byteLength),
  };
}

function keyText({ tenant, model, query }: QueryVectorKey): string {
  return JSON.stringify([tenant, model, normalised(query)]);
}

/** Spaces and the composition of letters make no difference to a model; case may. */
function normalised(query: string): string {
  return query.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
}
