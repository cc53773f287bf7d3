import type { FastifyInstance } from 'fastify';

/** Everything that is measured, in the text format of Prometheus. */
export type ScrapeMetrics = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** `GET /metrics`. */
export function registerMetrics(app: FastifyInstance, scrape: ScrapeMetrics): void {
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await scrape();
    return reply.type(contentType).send(text);
  });
}
