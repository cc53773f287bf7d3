import type { IndexableChunks, IndexableVersion } from '../../core/documents/catalog.ts';
import type { ChunkEncoding } from '../../core/documents/encodings.ts';
import { chunkId, parseChunkId, type ChunkId, type VersionId } from '../../core/documents/ids.ts';
import type { Candidate } from '../../core/retrieval/chunk-index.ts';
import { matches, type Filter } from '../../core/retrieval/filter.ts';
import type {
  DocumentInput,
  EncodedPassage,
  FieldConditions,
  Hit,
  PassageRef,
} from '../../engine/partition.ts';

/** Of a version without a language. */
export const UNKNOWN_LANGUAGE = 'en';

/** A version of the catalog as the engine takes it. */
export function toDocumentInput(version: IndexableVersion): DocumentInput {
  return {
    key: version.version,
    title: version.title,
    language: version.language ?? UNKNOWN_LANGUAGE,
    fields: version.fields,
    passages: toPassages(version.chunks),
  };
}

/** One after the other, as they are read. */
export function toPassages(chunks: IndexableChunks): DocumentInput['passages'] {
  return {
    length: chunks.length,
    *[Symbol.iterator]() {
      for (const { headingPath, text, vector } of chunks) yield { headings: headingPath, body: text, vector };
    },
  };
}

export function toConditions(filter: Filter): FieldConditions {
  const entries = Object.entries(filter);
  return Object.fromEntries(
    entries.map(([field, condition]) => [field, (value) => matches(condition, value)]),
  );
}

export function toCandidates(hits: readonly Hit[]): Candidate[] {
  return hits.map(({ key, ordinal, score }) => ({ chunkId: chunkId(key as VersionId, ordinal), score }));
}

export function toRefs(chunks: readonly ChunkId[]): PassageRef[] {
  return chunks.map(toRef);
}

export function toEncodedPassages(rows: readonly ChunkEncoding[]): EncodedPassage[] {
  return rows.map(({ id, vector }) => ({ ...toRef(id), vector }));
}

function toRef(id: ChunkId): PassageRef {
  const parts = parseChunkId(id);
  return parts === null ? { key: '', ordinal: 0 } : { key: parts.version, ordinal: parts.ordinal };
}
