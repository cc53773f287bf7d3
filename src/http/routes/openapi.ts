import type { FastifyInstance } from 'fastify';
import { buildOpenApi } from '../openapi.ts';

/** `/openapi.json`: built once, when it is first asked for. */
export function registerOpenApi(app: FastifyInstance, version: string): void {
  let document: string | null = null;
  app.get('/openapi.json', async (_request, reply) => {
    document ??= JSON.stringify(buildOpenApi(version));
    return reply.type('application/json; charset=utf-8').send(document);
  });
}
