import type { Config } from '../config/config.ts';
import type { EmbeddingProfile } from '../core/retrieval/embedder.ts';

/** What passages are prepared with when only another model makes vectors of them. */
export const NO_VECTORS: EmbeddingProfile = {
  model: 'none',
  dimensions: 0,
  languages: null,
  fusionWeight: 0,
  maxBatch: 1,
  contextTokens: 0,
};

/** Without an encoder they are all that there is. */
export function keepsStaticVectors({ staticVectors }: Config, encoder: object | null): boolean {
  return staticVectors === 'on' || encoder === null;
}
