import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { HTTP_DEFAULTS } from '../http/options.ts';
import { createHttpServer, type HttpServer, type ListenAddress } from '../http/server.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { startDeadline } from './request-deadline.ts';
import type { Service } from './service.ts';
import { VERSION } from './version.ts';

/** A service that listens. Disposing it drains and stops the server; the service stays open. */
export interface Served extends AsyncDisposable {
  /** Base URL. */
  readonly address: string;
}

export interface ServeOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly listen: ListenAddress;
}

/** Puts the service behind HTTP and writes the address down for the command line. @throws `port_in_use`. */
export async function serve(service: Service, { config, logger, listen }: ServeOptions): Promise<Served> {
  const server = createServer(service, config, logger);
  const address = await server.listen(listen);
  service.folder.setAddress(address);
  return { address, [Symbol.asyncDispose]: async () => server.close() };
}

function createServer(service: Service, config: Config, logger: Logger): HttpServer {
  return createHttpServer(service, {
    ...HTTP_DEFAULTS,
    version: VERSION,
    maxBodyBytes: config.maxBodyBytes,
    drainMs: config.drainMs,
    queryTimeoutMs: config.queryTimeoutMs,
    searchTimeoutMs: config.searchTimeoutMs,
    startDeadline,
    allowedHosts: [],
    trustLocal: true,
    localToken: service.folder.token,
    ingestRoots: config.ingestRoots,
    observeRequest: service.metrics.request,
    logger,
    clock: systemClock,
    newRequestId: randomUUID,
  });
}
