import type { FastifyInstance } from 'fastify';
import type { Reindexing } from '../../core/documents/reindexing.ts';
import { HoldfastError } from '../../core/errors.ts';
import { reindexSchema } from '../contract/generation.ts';
import { parse, shown } from '../contract/parse.ts';
import { scopeOf } from '../tenant.ts';
import { toWireGeneration } from '../wire/generation.ts';

const COLLECTION = '/api/v1/rag/collections/:name';
const ALL = `${COLLECTION}/generations`;
const ONE = `${ALL}/:id`;

interface Named {
  readonly Params: { readonly name: string };
}
interface Numbered {
  readonly Params: { readonly name: string; readonly id: string };
}

/** `/api/v1/rag/collections/{name}/generations` and what can be done with one. */
export function registerGenerations(app: FastifyInstance, reindexing: Reindexing): void {
  app.get<Named>(ALL, async ({ params }) => ({
    items: (await reindexing.list(scopeOf(params.name))).map(toWireGeneration),
  }));

  app.post<Named>(ALL, async ({ params, body }, reply) => {
    const { chunk_tokens: chunkTokens, language, embedder, questions } = parse(reindexSchema, body);
    const { generation, estimate } = await reindexing.start(scopeOf(params.name), {
      ...(chunkTokens === undefined ? {} : { chunkTokens }),
      ...(language === undefined ? {} : { language }),
      ...(embedder === undefined ? {} : { embedder }),
      ...(questions === undefined ? {} : { questions }),
    });
    const { chunks, diskBytes, memoryBytes } = estimate;
    reply
      .code(202)
      .header('location', `/api/v1/rag/collections/${params.name}/generations/${generation.key}`);
    return {
      ...toWireGeneration(generation),
      estimate: { chunks, disk_bytes: diskBytes, memory_bytes: memoryBytes },
    };
  });

  app.get<Numbered>(ONE, async ({ params }) =>
    toWireGeneration(await reindexing.get(scopeOf(params.name), keyOf(params.id))),
  );

  app.post<Numbered>(`${ONE}/activate`, async ({ params }) =>
    toWireGeneration(await reindexing.activate(scopeOf(params.name), keyOf(params.id))),
  );

  app.post<Named>(`${COLLECTION}/rollback`, async ({ params }) =>
    toWireGeneration(await reindexing.rollBack(scopeOf(params.name))),
  );

  app.delete<Numbered>(ONE, async ({ params }, reply) => {
    await reindexing.delete(scopeOf(params.name), keyOf(params.id));
    return reply.code(204).send();
  });
}

function keyOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new HoldfastError('generation_not_found', `Generation ${shown(id)} does not exist`);
}
