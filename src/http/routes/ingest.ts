import type { FastifyInstance } from 'fastify';
import type { Collections, Ingest, IngestProgress, IngestSummary } from '../../core/documents/library.ts';
import type { Job } from '../../core/ingest/job.ts';
import { ingestQuerySchema, ingestRequestSchema } from '../contract/ingest.ts';
import { parse } from '../contract/parse.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { acceptsEvents, sendEvents, type ServerSentEvent } from '../server-sent-events.ts';
import { scopeOf } from '../tenant.ts';
import { toIngestRequest, type PathPermission } from './ingest-request.ts';
import { toWireIngestProgress, toWireIngestSummary, toWireSyncPlan } from '../wire/ingest.ts';
import { toWireJob } from '../wire/job.ts';

export interface IngestDependencies extends PathPermission {
  readonly ingestion: Ingest;
  readonly requireCollection: Collections['get'];
  readonly signalFor: SignalFor;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** `POST /api/v1/rag/collections/{name}/ingest`: starts to take in folders, repositories or web pages. */
export function registerIngest(app: FastifyInstance, dependencies: IngestDependencies): void {
  const { ingestion, requireCollection, signalFor, logger, clock } = dependencies;
  app.post<{ Params: { name: string } }>('/api/v1/rag/collections/:name/ingest', async (request, reply) => {
    const scope = scopeOf(request.params.name);
    const { wait } = parse(ingestQuerySchema, request.query, 'parameters');
    const sent = parse(ingestRequestSchema, request.body);
    const what = { scope, ...(await toIngestRequest(request, sent, dependencies)) };
    await requireCollection(scope);
    const signal = signalFor(request, reply, null);
    if (sent.dry_run === true)
      return toWireSyncPlan(await untilAborted(signal, ingestion.plan(what, signal)));
    const job = await ingestion.start(what);
    if (acceptsEvents(request)) {
      const events = progressEvents(job, async (onProgress) => ingestion.finished(job, onProgress, signal));
      return sendEvents(reply, { events, signal, logger });
    }
    if (wait === 'true')
      return toWireIngestSummary(
        await untilAborted(
          signal,
          ingestion.finished(job, () => undefined, signal),
        ),
      );
    reply.code(202).header('location', `/api/v1/rag/jobs/${job.id}`);
    return toWireJob(job, clock.now());
  });
}

/** The `job`, `progress` events while it runs, then `final`. A slow reader gets the latest progress and every failure. */
async function* progressEvents(
  job: Job,
  run: (onProgress: (progress: IngestProgress) => void) => Promise<IngestSummary>,
): AsyncGenerator<ServerSentEvent> {
  let waiting: IngestProgress[] = [];
  let wake = Promise.withResolvers<null>();
  const work = run((progress) => {
    const last = waiting.at(-1);
    if (last?.failure === null) waiting.pop();
    waiting.push(progress);
    wake.resolve(null);
  });
  const end = work.then(
    (summary) => ({ summary }),
    (error: unknown) => ({ error }),
  );
  yield { event: 'job', data: { id: job.id } };
  for (;;) {
    const outcome = await Promise.race([end, wake.promise]);
    wake = Promise.withResolvers();
    const reports = waiting;
    waiting = [];
    for (const progress of reports) yield { event: 'progress', data: toWireIngestProgress(progress) };
    if (outcome === null) continue;
    if ('error' in outcome) throw outcome.error;
    yield { event: 'final', data: toWireIngestSummary(outcome.summary) };
    return;
  }
}
