import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';

/** Refuses every API route unless requests without credentials are trusted; there are no credentials yet. */
export function registerTrust(app: FastifyInstance, trustLocal: boolean): void {
  if (trustLocal) return;
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url?.startsWith('/api/')) {
      throw new HoldfastError('forbidden', 'This server does not trust requests without credentials');
    }
  });
}
