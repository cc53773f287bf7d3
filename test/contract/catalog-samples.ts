import type { DocumentChange, DocumentDraft } from '../../src/core/documents/catalog.ts';
import type { Chunk, PreparedVersion, QuantisedVector } from '../../src/core/documents/document.ts';
import { documentId, versionId } from '../../src/core/documents/ids.ts';
import type { CollectionName, GenerationId, Scope, TenantId } from '../../src/core/documents/ids.ts';
import { sketchOf } from '../../src/core/documents/sketch.ts';
import { sha256Hex } from '../../src/lib/hash.ts';

export const GENERATION = 'static-256/1' as GenerationId;

export function scopeOf(collection: string, tenant = 'default'): Scope {
  return { tenant: tenant as TenantId, collection: collection as CollectionName };
}

export function draftOf(scope: Scope, key: string, changes: Partial<DocumentDraft> = {}): DocumentDraft {
  return {
    id: documentId(scope, key),
    sourceKey: key,
    origin: 'folder',
    item: key,
    state: 'ready',
    problem: null,
    title: `Title of ${key}`,
    uri: null,
    format: 'markdown',
    language: 'en',
    metadata: {},
    contentHash: sha256Hex(key),
    sizeBytes: 100,
    ...changes,
  };
}

/** A version of one chunk per passage, joined by empty lines. */
export function versionOf(
  draft: DocumentDraft,
  passages: readonly string[],
  generation = GENERATION,
): PreparedVersion {
  const chunks: Chunk[] = [];
  const vectors: QuantisedVector[] = [];
  let start = 0;
  for (const [ordinal, passage] of passages.entries()) {
    const page = ordinal % 2 === 0 ? null : ordinal;
    const headingPath = ordinal === 0 ? [] : ['Guide', `Part "${ordinal}"`];
    chunks.push({ ordinal, start, end: start + passage.length, headingPath, page });
    vectors.push({ scale: 0.1 / (ordinal + 1), values: Int8Array.of(-128, ordinal, 127) });
    start += passage.length + 2;
  }
  const text = passages.join('\n\n');
  const contentHash = sha256Hex(text);
  const id = versionId({ document: draft.id, generation, contentHash, attributes: draft.title });
  const blocks = chunks.map(({ start: from, end }) => ({
    kind: 'paragraph' as const,
    start: from,
    end,
    level: 0,
  }));
  return { id, generation, text, blocks, chunks, vectors, sketch: sketchOf(text) };
}

/** A document with its version, ready to be committed. */
export function putOf(
  scope: Scope,
  key: string,
  passages: readonly string[] = [`Passage of ${key}`],
  changes: Partial<DocumentDraft> = {},
): DocumentChange & { readonly kind: 'put'; readonly version: PreparedVersion } {
  const draft = draftOf(scope, key, { contentHash: sha256Hex(passages.join('|')), ...changes });
  return { kind: 'put', draft, version: versionOf(draft, passages) };
}
