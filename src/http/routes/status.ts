import type { FastifyInstance } from 'fastify';
import type { CheckHealth } from '../../core/health.ts';
import type { WireReadiness } from '../contract/health.ts';
import { toWireHealth } from '../wire/health.ts';

/** Whether answers are possible, and if not, why. */
export type IsReady = () => { readonly ready: boolean; readonly reason: string | null };

export interface StatusDependencies {
  readonly checkHealth: CheckHealth;
  readonly isReady: IsReady;
  readonly isDraining: () => boolean;
}

/** `/livez`, `/readyz`, `/health` and `/api/v1/rag/status`. */
export function registerStatus(app: FastifyInstance, dependencies: StatusDependencies): void {
  const { checkHealth, isReady, isDraining } = dependencies;
  app.get('/livez', async () => ({ alive: true }));

  app.get('/readyz', async (_request, reply): Promise<WireReadiness> => {
    const readiness = isDraining() ? { ready: false, reason: 'The server is shutting down' } : isReady();
    if (!readiness.ready) reply.code(503);
    return { ready: readiness.ready, reason: readiness.reason };
  });

  app.get('/health', async (_request, reply) => {
    const health = await checkHealth();
    if (health.state === 'down') reply.code(503);
    return toWireHealth(health);
  });

  app.get('/api/v1/rag/status', async () => toWireHealth(await checkHealth()));
}
