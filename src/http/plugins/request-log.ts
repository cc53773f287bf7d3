import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';

/** One line per request when its response is over. Holds the pattern of the route: no query, no names, no text. */
export function registerRequestLog(app: FastifyInstance, logger: Logger, clock: Clock): void {
  const started = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', (request, reply, done) => {
    started.set(request, clock.monotonic());
    reply.raw.once('close', () => {
      const start = started.get(request) ?? clock.monotonic();
      logger.info('request', {
        request_id: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.raw.statusCode,
        duration_ms: Math.round((clock.monotonic() - start) * 1000) / 1000,
        // False: the client went away before it had everything.
        complete: reply.raw.writableFinished,
      });
    });
    done();
  });
}
