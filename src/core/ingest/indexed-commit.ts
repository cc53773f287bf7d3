import type { Catalog, CommitReceipt, IndexableVersion } from '../documents/catalog.ts';
import type { Scope } from '../documents/ids.ts';
import type { ChunkIndex } from '../retrieval/chunk-index.ts';

export interface IndexedStores {
  readonly catalog: Pick<Catalog, 'versionsSince'>;
  readonly index: Pick<ChunkIndex, 'apply'>;
}

/** Commits a change of documents and makes it searchable right after. Rejects as the commit does, with no change. */
export async function indexedCommit<Receipt extends CommitReceipt>(
  scope: Scope,
  { catalog, index }: IndexedStores,
  commit: () => Promise<Receipt>,
): Promise<Receipt> {
  return index.apply(scope, async () => {
    const receipt = await commit();
    const added: IndexableVersion[] = [];
    if (receipt.applied.some((one) => one.added !== null))
      for await (const version of catalog.versionsSince(scope, receipt.sequence - 1)) added.push(version);
    const removed = receipt.applied.flatMap((one) => (one.added === null ? (one.removed ?? []) : []));
    const replaced = new Map(
      receipt.applied.flatMap((one) =>
        one.added === null || one.removed === null ? [] : [[one.added, one.removed] as const],
      ),
    );
    return { ...receipt, removed, replaced, added };
  });
}
