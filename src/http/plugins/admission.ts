import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Kinds of requests. A `query` may be answered from memory, which costs little. */
export type RequestKind = 'query' | 'search' | 'read' | 'write';

/** @throws HoldfastError `overloaded` when the process should not take on such a request now. */
export type Admit = (kind: RequestKind) => void;

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const QUESTIONS: ReadonlyMap<string, RequestKind> = new Map([
  ['/api/v1/rag/query', 'query'],
  ['/api/v1/rag/search', 'search'],
]);
/** Health is asked most when the process is busy, and tells a balancer to go elsewhere. */
const ALWAYS: ReadonlySet<string> = new Set([
  '/livez',
  '/readyz',
  '/health',
  '/metrics',
  '/api/v1/rag/status',
  '/api/v1/rag/breakers',
]);

/** Refuses requests of an overloaded process before their body is read. */
export function registerAdmission(app: FastifyInstance, admit: Admit): void {
  app.addHook('onRequest', async (request) => {
    const kind = kindOf(request);
    if (kind !== null) admit(kind);
  });
}

function kindOf({ method, routeOptions: { url } }: FastifyRequest): RequestKind | null {
  if (url === undefined || ALWAYS.has(url)) return null;
  return QUESTIONS.get(url) ?? (READING_METHODS.has(method) ? 'read' : 'write');
}
