import type { ChunkIndex } from '../retrieval/chunk-index.ts';
import type { Mutex } from '../../lib/mutex.ts';
import { HoldfastError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import type { CollectionSettings, CollectionSummary } from './collection.ts';
import type { GenerationId, Scope } from './ids.ts';
import type { Collections } from './library.ts';
import type { Originals } from './originals.ts';

export interface CollectionsDependencies {
  readonly catalog: Catalog;
  readonly originals: Pick<Originals, 'release'>;
  readonly index: ChunkIndex;
  readonly mutex: Mutex;
  readonly generation: GenerationId;
  readonly defaults: CollectionSettings;
}

export function createCollections(dependencies: CollectionsDependencies): Collections {
  const { catalog, originals, index, mutex, generation, defaults } = dependencies;
  const get = async (scope: Scope): Promise<CollectionSummary> => {
    const summary = await catalog.getCollection(scope);
    if (summary === null)
      throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
    return summary;
  };
  const create = async (scope: Scope, settings: Partial<CollectionSettings>): Promise<CollectionSummary> => {
    await catalog.createCollection({ ...scope, settings: { ...defaults, ...settings }, generation });
    return get(scope);
  };
  return {
    get,
    create,
    ensure: async (scope) => (await catalog.getCollection(scope)) ?? create(scope, {}),
    list: async (tenant, page) => catalog.listCollections(tenant, page),
    async update(scope, settings) {
      const { settings: before } = await get(scope);
      await catalog.updateCollection(scope, { ...before, ...settings });
      return get(scope);
    },
    async delete(scope) {
      await mutex.run(async () => {
        const { serving } = await get(scope);
        const others = (await catalog.generations(scope)).filter(({ state }) => state !== 'live');
        for (const one of [...others.map((other) => other.scope), serving]) {
          const { orphanedContent } = await catalog.deleteCollection(one);
          await index.drop(one);
          for (const hash of orphanedContent) await originals.release(hash);
        }
      });
    },
  };
}
