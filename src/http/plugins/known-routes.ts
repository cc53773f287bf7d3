import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import { shown } from '../contract/parse.ts';

export interface KnownRoute {
  readonly method: string;
  /** With parameters in braces: `/collections/{name}`. */
  readonly path: string;
}

/**
 * Requests that no route takes: 405 with `Allow` for a known path, 204 with `Allow` for its OPTIONS, else 404; and
 * 414 for a URL that is too long. Decided before the body is read.
 */
export function registerKnownRoutes(
  app: FastifyInstance,
  routes: readonly KnownRoute[],
  maxUrlBytes: number,
): void {
  const paths = groupByPath(routes);
  app.addHook('onRequest', async (request, reply) => {
    if (request.raw.url !== undefined && request.raw.url.length > maxUrlBytes) {
      throw new HoldfastError('url_too_long', `The URL has more than ${maxUrlBytes} bytes`);
    }
    return request.is404 ? answerUnknown(paths, request, reply) : undefined;
  });
  // The hook above has answered; fastify wants a handler that is not its own.
  app.setNotFoundHandler((request) => {
    throw notFound(request);
  });
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

function answerUnknown(paths: readonly KnownPath[], request: FastifyRequest, reply: FastifyReply) {
  const path = pathOf(request);
  const known = paths.find(({ pattern }) => pattern.test(path));
  if (known === undefined) throw notFound(request);
  reply.header('allow', known.methods.join(', '));
  if (request.method === 'OPTIONS') return reply.code(204).send();
  throw new HoldfastError(
    'method_not_allowed',
    `${request.method} ${shown(path)}: the path knows ${known.methods.join(', ')}`,
  );
}

function notFound(request: FastifyRequest): HoldfastError {
  return new HoldfastError('route_not_found', `${request.method} ${shown(pathOf(request))}`);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function groupByPath(routes: readonly KnownRoute[]): KnownPath[] {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const known = methods.get(path) ?? [];
    known.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]));
    methods.set(path, known);
  }
  return [...methods].map(([path, known]) => ({
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[a-z_]+\}/g, '[^/]+')}$`),
    methods: [...known, 'OPTIONS'],
  }));
}
