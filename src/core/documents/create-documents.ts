import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import type { BlobStore } from './blob-store.ts';
import type { Catalog } from './catalog.ts';
import type { Collection } from './collection.ts';
import type { DocumentRecord } from './document.ts';
import type { DocumentId, Scope } from './ids.ts';
import type { Documents } from './library.ts';
import { HoldfastError } from '../errors.ts';

export interface DocumentsDependencies {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly index: ChunkIndex;
  readonly accept: Documents['accept'];
  readonly settled: Documents['settled'];
  readonly submit: Documents['submit'];
  readonly duplicates: Documents['duplicates'];
  /** Deletes documents and makes that visible. */
  readonly remove: (collection: Collection, ids: readonly DocumentId[]) => Promise<void>;
}

/** Documents of existing collections, with `ready` shown only for what the serving index covers. */
export function createDocuments(dependencies: DocumentsDependencies): Documents {
  const { catalog, blobs, index, accept, settled, submit, duplicates, remove } = dependencies;
  const shown = (scope: Scope, record: DocumentRecord): DocumentRecord => {
    // While the index cannot be opened the catalog is searched, which holds everything.
    const covered = index.sequence(scope) || Number.POSITIVE_INFINITY;
    const isPending = record.state === 'ready' && covered < record.sequence;
    return isPending ? { ...record, state: 'indexing' } : record;
  };
  const get = async (scope: Scope, id: DocumentId): Promise<DocumentRecord> => {
    await requireCollection(catalog, scope);
    const record = await catalog.getDocument(scope, id);
    if (record === null)
      throw new HoldfastError('document_not_found', `collection "${scope.collection}" has no document ${id}`);
    await Promise.allSettled([index.open(scope)]);
    return shown(scope, record);
  };
  return {
    accept,
    settled,
    submit,
    duplicates,
    async list(scope, request) {
      await requireCollection(catalog, scope);
      await Promise.allSettled([index.open(scope)]);
      const page = await catalog.listDocuments(scope, request);
      return { ...page, items: page.items.map((record) => shown(scope, record)) };
    },
    get,
    async chunks(scope, id, page) {
      await get(scope, id);
      return catalog.listChunks(scope, id, page);
    },
    async text(scope, id) {
      const { version } = await get(scope, id);
      const text = version === null ? null : await catalog.versionText(scope, version);
      if (text === null) throw new HoldfastError('document_not_found', `document ${id} has no text`);
      return text;
    },
    async original(scope, id) {
      const record = await get(scope, id);
      const bytes = record.contentHash === null ? null : await blobs.get(record.contentHash);
      if (bytes === null)
        throw new HoldfastError('document_not_found', `document ${id} has no stored original`);
      return { bytes, record };
    },
    async delete(scope, id) {
      const collection = await requireCollection(catalog, scope);
      await get(scope, id);
      await remove(collection, [id]);
    },
  };
}

/** @throws HoldfastError `collection_not_found`. */
async function requireCollection(catalog: Catalog, scope: Scope): Promise<Collection> {
  const collection = await catalog.getCollection(scope);
  if (collection !== null) return collection;
  throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
}
