import {
  type CollectionName,
  DEFAULT_TENANT,
  type DocumentId,
  isCollectionName,
  type Scope,
  type TenantId,
} from '../core/documents/ids.ts';
import { HoldfastError } from '../core/errors.ts';
import { shown } from './contract/parse.ts';

/** Whom a request acts as. */
export function tenantOf(): TenantId {
  return DEFAULT_TENANT;
}

/** A collection that a request names. @throws HoldfastError `collection_not_found` for an impossible name. */
export function collectionNamed(name: string): CollectionName {
  if (isCollectionName(name)) return name;
  throw new HoldfastError('collection_not_found', `Collection ${shown(name)} does not exist`);
}

export function scopeOf(name: string): Scope {
  return { tenant: tenantOf(), collection: collectionNamed(name) };
}

/** A document that a request names. @throws HoldfastError `document_not_found` for an impossible id. */
export function documentIdOf(id: string): DocumentId {
  if (/^[0-9a-f]{32}$/.test(id)) return id as DocumentId;
  throw new HoldfastError('document_not_found', `Document ${shown(id)} does not exist`);
}
