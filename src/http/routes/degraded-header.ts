import type { FastifyReply } from 'fastify';
import type { Degradation } from '../../core/retrieval/search.ts';

/** `X-Degraded: embedding=lexical_only, ...` on a response that misses something; no header when nothing is. */
export function markDegraded(reply: FastifyReply, degraded: readonly Degradation[]): void {
  if (degraded.length === 0) return;
  reply.header(
    'x-degraded',
    degraded.map(({ component, mode }) => `${token(component)}=${token(mode)}`).join(', '),
  );
}

function token(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]/g, '_');
}
