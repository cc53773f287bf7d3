import type { EmbeddingProfile } from '../retrieval/embedder.ts';
import { SPLITTER_VERSION } from './split.ts';
import type { GenerationId } from '../documents/ids.ts';

/** Raised when a parser makes another text of the same bytes, or its language or lines are told otherwise. */
const PARSER_VERSION = 4;

export interface GenerationParts {
  readonly profile: EmbeddingProfile;
  /** Target size of chunks. */
  readonly chunkTokens: number;
}

/** A readable name of what versions are prepared with; another one means: prepare again. */
export function generationId({ profile, chunkTokens }: GenerationParts): GenerationId {
  return `${profile.model}.${profile.dimensions}.parser-${PARSER_VERSION}.${SPLITTER_VERSION}-${chunkTokens}` as GenerationId;
}
