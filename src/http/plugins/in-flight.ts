import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';

/** What is being answered right now, and whether new requests are still taken. */
export interface InFlight {
  readonly isDraining: () => boolean;
  /** Lets `abort` reach the request's work until the returned function is called. */
  readonly track: (controller: AbortController) => () => void;
  /** Refuses new requests from now on; resolves once no request is in flight. */
  readonly drain: () => Promise<void>;
  /** Aborts the work of every request in flight. */
  readonly abort: (reason: HoldfastError) => void;
}

/** Probes must answer during a drain: that is how a load balancer learns of it. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health']);

/** Counts requests and refuses new ones with 503 `shutting_down` during a drain. */
export function registerInFlight(app: FastifyInstance): InFlight {
  const controllers = new Set<AbortController>();
  const idle = Promise.withResolvers<void>();
  let count = 0;
  let draining = false;
  const settle = () => {
    if (draining && count === 0) idle.resolve();
  };
  app.addHook('onRequest', async (request, reply) => {
    if (PROBES.has(request.routeOptions.url ?? '')) return;
    if (draining) throw new HoldfastError('shutting_down', 'The server takes no new requests');
    count += 1;
    reply.raw.once('close', () => {
      count -= 1;
      settle();
    });
  });
  // Connections of clients that keep them alive must not outlive the drain.
  app.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  return {
    isDraining: () => draining,
    track(controller) {
      controllers.add(controller);
      return () => controllers.delete(controller);
    },
    drain() {
      draining = true;
      settle();
      return idle.promise;
    },
    abort(reason) {
      for (const controller of controllers) controller.abort(reason);
    },
  };
}
