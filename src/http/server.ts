import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { HoldfastError } from '../core/errors.ts';
import { ROUTES } from './contract/routes.ts';
import { HEADER_BYTES, type HttpOptions, JSON_BODY_BYTES } from './options.ts';
import { registerAdmission } from './plugins/admission.ts';
import { answerClientError } from './plugins/client-error.ts';
import { isLoopbackAddress, registerHostCheck } from './plugins/host-check.ts';
import { type InFlight, registerInFlight } from './plugins/in-flight.ts';
import { registerJsonBody } from './plugins/json-body.ts';
import { registerKnownRoutes } from './plugins/known-routes.ts';
import { handleError, registerProblemDetails } from './plugins/problem-details.ts';
import { registerRequestId, requestIdOf } from './plugins/request-id.ts';
import { registerRequestLog } from './plugins/request-log.ts';
import { registerSecurityHeaders, SECURITY_HEADERS } from './plugins/security-headers.ts';
import { registerTrust } from './plugins/trust.ts';
import { type HttpDependencies, registerRoutes } from './register-routes.ts';

export interface ListenAddress {
  /** An address or name of this machine. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** The HTTP edge of one process. */
export interface HttpServer extends AsyncDisposable {
  /** Resolves to the base URL. @throws HoldfastError `port_in_use`, `invalid_configuration`. */
  listen(address: ListenAddress): Promise<string>;
  /**
   * `/readyz` turns 503 and new requests are refused with `shutting_down` at once; resolves when the requests in
   * flight are over. Those that are not after `drainMs` are aborted.
   */
  drain(): Promise<void>;
  /** Drains, then stops listening and closes every connection. May be called again. */
  close(): Promise<void>;
}

/** After its abort a request in flight gets this long to write its last words. */
const LAST_WORDS_MS = 250;

/** Builds the server; nothing listens before `listen`. */
export function createHttpServer(dependencies: HttpDependencies, options: HttpOptions): HttpServer {
  let isLoopback = true;
  const app = createApp(options);
  const inFlight = registerPlugins(app, options, () => isLoopback);
  registerAdmission(app, dependencies.admit);
  registerRoutes(app, { dependencies, options, inFlight });
  let draining: Promise<void> | null = null;
  const drain = () => (draining ??= drainBounded(inFlight, options.drainMs));
  const close = async () => {
    await drain();
    await app.close();
  };
  return {
    async listen(address) {
      isLoopback = isLoopbackAddress(address.host);
      return listen(app, address);
    },
    drain,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createApp({ logger, maxUrlBytes, requestTimeoutMs, newRequestId }: HttpOptions): FastifyInstance {
  return fastify({
    bodyLimit: JSON_BODY_BYTES,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    // The drain refuses requests itself, with problem details.
    return503OnClosing: false,
    routerOptions: { maxParamLength: maxUrlBytes },
    http: { maxHeaderSize: maxUrlBytes + HEADER_BYTES },
    genReqId: (message) => requestIdOf(message, newRequestId),
    // Found before routing, so no hook has run.
    frameworkErrors(thrown, request, reply) {
      reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
      handleError({ thrown, request, reply, logger });
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, newRequestId()),
  });
}

function registerPlugins(app: FastifyInstance, options: HttpOptions, isLoopback: () => boolean): InFlight {
  registerRequestId(app);
  registerSecurityHeaders(app);
  registerProblemDetails(app, options.logger);
  registerRequestLog(app, options);
  registerHostCheck(app, { isLoopback, allowedHosts: options.allowedHosts });
  registerKnownRoutes(app, ROUTES, options.maxUrlBytes);
  registerTrust(app, options.trustLocal);
  registerJsonBody(app);
  return registerInFlight(app);
}

async function listen(app: FastifyInstance, { host, port }: ListenAddress): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(error, { host, port });
  }
  const bound = app.server.address() as AddressInfo;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound.port}`;
}

function listenError(error: unknown, { host, port }: ListenAddress): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') {
    return new HoldfastError('port_in_use', `${host}:${port} is taken by another process`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new HoldfastError('invalid_configuration', `Cannot listen on ${host}:${port}: ${code}`, {
      cause: error,
    });
  }
  return error;
}

async function drainBounded(inFlight: InFlight, drainMs: number): Promise<void> {
  const idle = inFlight.drain();
  if (await settlesWithin(idle, drainMs)) return;
  inFlight.abort(new HoldfastError('shutting_down', `The request did not end within ${drainMs} ms`));
  await settlesWithin(idle, LAST_WORDS_MS);
}

async function settlesWithin(work: Promise<void>, limitMs: number): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>();
  const timer = setTimeout(limit.resolve, limitMs, false);
  const isSettled = await Promise.race([work.then(() => true), limit.promise]);
  clearTimeout(timer);
  return isSettled;
}
