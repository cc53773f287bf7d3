import type { FastifyInstance } from 'fastify';
import type { Breakers, BreakerStatus } from '../../core/breakers.ts';
import { holdBreakerSchema, type WireBreaker, type WireBreakers } from '../contract/breaker.ts';
import { parse } from '../contract/parse.ts';

const PATH = '/api/v1/rag/breakers';

/** `GET /api/v1/rag/breakers` and `PUT /api/v1/rag/breakers/{name}`. */
export function registerBreakers(app: FastifyInstance, breakers: Breakers): void {
  app.get(PATH, async (): Promise<WireBreakers> => ({ items: breakers.list().map(toWire) }));

  app.put<{ Params: { name: string } }>(`${PATH}/:name`, async ({ params, body }): Promise<WireBreaker> => {
    const { mode } = parse(holdBreakerSchema, body);
    return toWire(breakers.hold(params.name, mode));
  });
}

function toWire({
  name,
  state,
  mode,
  since,
  retryAfterSeconds,
  reason,
  window,
  totals,
}: BreakerStatus): WireBreaker {
  return { name, state, mode, since, retry_after_seconds: retryAfterSeconds, reason, window, totals };
}
