import type { FastifyInstance } from 'fastify';
import { isCollectionName } from '../../core/documents/ids.ts';
import type { CollectionSettings } from '../../core/documents/collection.ts';
import type { Collections } from '../../core/documents/library.ts';
import { createCollectionSchema, updateCollectionSchema } from '../contract/collection.ts';
import { pageQuerySchema } from '../contract/common.ts';
import { invalid, parse } from '../contract/parse.ts';
import { scopeOf, tenantOf } from '../tenant.ts';
import { toWireCollection } from '../wire/collection.ts';
import { toWirePage } from '../wire/document.ts';

const ALL = '/api/v1/rag/collections';
const ONE = '/api/v1/rag/collections/:name';

interface Named {
  readonly Params: { readonly name: string };
}

/** `/api/v1/rag/collections` and `/api/v1/rag/collections/{name}`. */
export function registerCollections(app: FastifyInstance, collections: Collections): void {
  app.get(ALL, async ({ query }) => {
    const { limit, cursor } = parse(pageQuerySchema, query, 'parameters');
    return toWirePage(
      await collections.list(tenantOf(), { limit, cursor: cursor ?? null }),
      toWireCollection,
    );
  });

  app.post(ALL, async (request, reply) => {
    const { name, ...settings } = parse(createCollectionSchema, request.body);
    if (!isCollectionName(name)) throw invalid([{ name: 'name', detail: 'Not a collection name' }]);
    const created = await collections.create({ tenant: tenantOf(), collection: name }, toSettings(settings));
    reply.code(201).header('location', `${ALL}/${name}`);
    return toWireCollection(created);
  });

  app.get<Named>(ONE, async ({ params }) => toWireCollection(await collections.get(scopeOf(params.name))));

  app.patch<Named>(ONE, async ({ params, body }) => {
    const settings = toSettings(parse(updateCollectionSchema, body));
    return toWireCollection(await collections.update(scopeOf(params.name), settings));
  });

  app.delete<Named>(ONE, async (request, reply) => {
    await collections.delete(scopeOf(request.params.name));
    return reply.code(204).send();
  });
}

interface SentSettings {
  readonly description?: string | undefined;
  readonly language?: string | undefined;
}

function toSettings({ description, language }: SentSettings): Partial<CollectionSettings> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(language === undefined ? {} : { language }),
  };
}
