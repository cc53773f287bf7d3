import type { FastifyInstance } from 'fastify';
import type { CheckHealth, CheckReadiness, Readiness } from '../../core/health.ts';
import type { WireReadiness } from '../contract/health.ts';
import { toWireHealth } from '../wire/health.ts';

export interface StatusDependencies {
  readonly checkHealth: CheckHealth;
  readonly checkReadiness: CheckReadiness;
  readonly isDraining: () => boolean;
}

const STOPPING: Readiness = { state: 'stopping', reason: 'The server is shutting down' };

/** `/livez`, `/readyz`, `/health` and `/api/v1/rag/status`. */
export function registerStatus(app: FastifyInstance, dependencies: StatusDependencies): void {
  const { checkHealth, checkReadiness, isDraining } = dependencies;
  app.get('/livez', async () => ({ alive: true }));

  app.get('/readyz', async (_request, reply): Promise<WireReadiness> => {
    const { state, reason } = isDraining() ? STOPPING : checkReadiness();
    const ready = state !== 'stopping';
    if (!ready) reply.code(503);
    return { ready, state, reason };
  });

  app.get('/health', async (_request, reply) => {
    const health = await checkHealth();
    if (health.state === 'down') reply.code(503);
    return toWireHealth(health);
  });

  app.get('/api/v1/rag/status', async () => toWireHealth(await checkHealth()));
}
