import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

const SANE_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The id that the client sent in `X-Request-Id` when it is sane, else a new one. */
export function requestIdOf(message: IncomingMessage, newRequestId: () => string): string {
  const sent = message.headers['x-request-id'];
  return typeof sent === 'string' && SANE_REQUEST_ID.test(sent) ? sent : newRequestId();
}

/** Every response names its request in `X-Request-Id`. */
export function registerRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
}
