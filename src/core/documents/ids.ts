import type { Brand } from '../../lib/brand.ts';
import { contentAddress } from '../../lib/hash.ts';

/** The owner of collections. Every port call carries it. */
export type TenantId = Brand<string, 'TenantId'>;
/** 1 to 64 characters of a-z, 0-9, `-`, `_`, `.`, starting with a letter or digit; unique within a tenant. */
export type CollectionName = Brand<string, 'CollectionName'>;
/** 32 hexadecimal digits: tenant + collection + source key. Stable across versions. */
export type DocumentId = Brand<string, 'DocumentId'>;
/** 32 hexadecimal digits: document + content + what is shown with it (title, uri, metadata) + generation. */
export type VersionId = Brand<string, 'VersionId'>;
/** `<version>-<ordinal>`: the place of a chunk in a version, whose id holds the generation. */
export type ChunkId = Brand<string, 'ChunkId'>;
/** Names what an index was built with: embedding model, dimensions, analyser, splitter. */
export type GenerationId = Brand<string, 'GenerationId'>;

export const DEFAULT_TENANT = 'default' as TenantId;

const COLLECTION_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isCollectionName(name: string): name is CollectionName {
  return COLLECTION_NAME.test(name);
}

/** A collection of one tenant: what every catalog and index call is scoped to. */
export interface Scope {
  readonly tenant: TenantId;
  readonly collection: CollectionName;
}

/**
 * The scope of one generation of a collection: `name@key`, a name that nobody can give to a collection. Calls with it
 * keep to that generation, also while another one goes live.
 */
export function generationScope({ tenant, collection }: Scope, key: number): Scope {
  return { tenant, collection: `${publicName(collection)}@${key}` as CollectionName };
}

/** The name by which users know the collection of a scope. */
export function publicName(name: CollectionName): CollectionName {
  const at = name.indexOf('@');
  return at === -1 ? name : (name.slice(0, at) as CollectionName);
}

/** The key in a name of `generationScope`, or null for the name of a collection. */
export function generationKey(name: CollectionName): number | null {
  const at = name.indexOf('@');
  return at === -1 ? null : Number(name.slice(at + 1));
}

export function documentId(scope: Scope, sourceKey: string): DocumentId {
  return contentAddress([scope.tenant, scope.collection, sourceKey]) as DocumentId;
}

export interface VersionParts {
  readonly document: DocumentId;
  readonly generation: GenerationId;
  /** SHA-256 of the bytes that were parsed. */
  readonly contentHash: string;
  /** Title, uri, metadata and language in a canonical form. */
  readonly attributes: string;
}

export function versionId(parts: VersionParts): VersionId {
  return contentAddress([parts.document, parts.generation, parts.contentHash, parts.attributes]) as VersionId;
}

export function chunkId(version: VersionId, ordinal: number): ChunkId {
  return `${version}-${ordinal}` as ChunkId;
}

/** The version and ordinal of a chunk id, or null when it is not one. */
export function parseChunkId(id: string): { version: VersionId; ordinal: number } | null {
  const match = /^([0-9a-f]{32})-(\d{1,9})$/.exec(id);
  return match?.[1] === undefined ? null : { version: match[1] as VersionId, ordinal: Number(match[2]) };
}
