import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';

/** What was asked and how it ended, without names or text. */
export interface ObservedRequest {
  readonly method: string;
  /** The pattern of the route; null: there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
}

export type ObserveRequest = (request: ObservedRequest) => void;

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observeRequest: ObserveRequest;
}

/** One line per request when its response is over. Holds the pattern of the route: no query, no names, no text. */
export function registerRequestLog(
  app: FastifyInstance,
  { logger, clock, observeRequest }: RequestLogOptions,
): void {
  const started = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', (request, reply, done) => {
    started.set(request, clock.monotonic());
    reply.raw.once('close', () => {
      const start = started.get(request) ?? clock.monotonic();
      const { method } = request;
      const route = request.routeOptions.url ?? null;
      const status = reply.raw.statusCode;
      const durationMs = clock.monotonic() - start;
      observeRequest({ method, route, status, durationMs });
      logger.info('request', {
        request_id: request.id,
        method,
        route,
        status,
        duration_ms: Math.round(durationMs * 1000) / 1000,
        // False: the client went away before it had everything.
        complete: reply.raw.writableFinished,
      });
    });
    done();
  });
}
