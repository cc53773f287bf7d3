import type { EmbeddedIndex } from '../adapters/chunk-index/embedded.ts';
import type { Catalog } from '../core/documents/catalog.ts';
import type { CollectionSummary } from '../core/documents/collection.ts';
import { DEFAULT_TENANT, type Scope } from '../core/documents/ids.ts';

export interface IndexDifference {
  readonly collection: string;
  readonly detail: string;
}

/** Calls `work` for every collection of the default tenant, with what the catalog says of it. */
export async function forEachCollection(
  catalog: Pick<Catalog, 'listCollections'>,
  work: (scope: Scope, collection: CollectionSummary) => Promise<void>,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const page = await catalog.listCollections(DEFAULT_TENANT, { limit: 100, cursor });
    for (const summary of page.items)
      await work({ tenant: summary.tenant, collection: summary.collection }, summary);
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** Compares every collection's index with the catalog, version by version. */
export async function verifyIndex(
  catalog: Catalog,
  index: EmbeddedIndex,
): Promise<readonly IndexDifference[]> {
  const differences: IndexDifference[] = [];
  await forEachCollection(catalog, async (scope) => {
    const indexed = new Map((await index.documents(scope)).map(({ key, passages }) => [key, passages]));
    const report = (detail: string): void => void differences.push({ collection: scope.collection, detail });
    for await (const { version, chunks } of catalog.versionsSince(scope, 0)) {
      const passages = indexed.get(version);
      if (passages === undefined) report(`version ${version} is not in the index`);
      else if (passages !== chunks.length)
        report(`version ${version} has ${passages} passages instead of ${chunks.length}`);
      indexed.delete(version);
    }
    for (const version of indexed.keys()) report(`version ${version} is in the index only`);
  });
  return differences;
}
