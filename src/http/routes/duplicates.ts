import type { FastifyInstance } from 'fastify';
import type { FindDuplicates } from '../../core/documents/duplicates.ts';
import { pageQuerySchema } from '../contract/common.ts';
import { parse } from '../contract/parse.ts';
import { scopeOf } from '../tenant.ts';
import { toWireDuplicates } from '../wire/duplicates.ts';

/** `GET /api/v1/rag/collections/{name}/duplicates`: groups of documents with nearly the same text. */
export function registerDuplicates(app: FastifyInstance, duplicates: FindDuplicates): void {
  app.get<{ readonly Params: { readonly name: string } }>(
    '/api/v1/rag/collections/:name/duplicates',
    async ({ params, query }) => {
      const { limit, cursor } = parse(pageQuerySchema, query, 'parameters');
      return toWireDuplicates(await duplicates(scopeOf(params.name), { limit, cursor: cursor ?? null }));
    },
  );
}
