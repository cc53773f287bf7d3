import type { FastifyInstance } from 'fastify';
import type { Jobs } from '../../core/documents/library.ts';
import type { DocumentId } from '../../core/documents/ids.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { Job, JobId } from '../../core/ingest/job.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { jobListQuerySchema, type WireRetried } from '../contract/job.ts';
import { parse, shown } from '../contract/parse.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { sendEvents, type ServerSentEvent } from '../server-sent-events.ts';
import { documentIdOf, scopeOf, tenantOf } from '../tenant.ts';
import { toWirePage } from '../wire/document.ts';
import { toWireJob, toWireJobDetail } from '../wire/job.ts';

const ALL = '/api/v1/rag/jobs';
const ONE = `${ALL}/:id`;

export interface JobsDependencies {
  readonly jobs: Jobs;
  readonly signalFor: SignalFor;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Identified {
  readonly Params: { readonly id: string };
}

/** `/api/v1/rag/jobs` and what belongs to one of them. */
export function registerJobs(
  app: FastifyInstance,
  { jobs, signalFor, logger, clock }: JobsDependencies,
): void {
  app.get(ALL, async ({ query }) => {
    const { limit, cursor, state } = parse(jobListQuerySchema, query, 'parameters');
    const request = { limit, cursor: cursor ?? null, ...(state === undefined ? {} : { state }) };
    return toWirePage(await jobs.list(tenantOf(), request), (job) => toWireJob(job, clock.now()));
  });

  app.get<Identified>(ONE, async ({ params }) => {
    const id = jobIdOf(params.id);
    const job = await jobs.get(tenantOf(), id);
    return toWireJobDetail(job, await jobs.problems(tenantOf(), id), clock.now());
  });

  app.get<Identified>(`${ONE}/events`, async (request, reply) => {
    const id = jobIdOf(request.params.id);
    await jobs.get(tenantOf(), id);
    const signal = signalFor(request, reply, null);
    const events = jobEvents(jobs.watch(tenantOf(), id, signal), clock);
    return sendEvents(reply, { events, signal, logger });
  });

  for (const action of ['cancel', 'pause', 'resume', 'retry'] as const) {
    app.post<Identified>(`${ONE}/${action}`, async ({ params }) =>
      toWireJob(await jobs[action](tenantOf(), jobIdOf(params.id)), clock.now()),
    );
  }
}

/** `POST .../documents/retry` and `POST .../documents/{id}/retry`. */
export function registerRetryDocuments(app: FastifyInstance, jobs: Jobs, clock: Clock): void {
  const documents = '/api/v1/rag/collections/:name/documents';
  const retry = async (name: string, id: DocumentId | null): Promise<Job | null> =>
    jobs.retryDocuments(scopeOf(name), id);
  app.post<{ Params: { name: string } }>(`${documents}/retry`, async ({ params }, reply) => {
    const job = await retry(params.name, null);
    if (job !== null) reply.header('location', `${ALL}/${job.id}`);
    reply.code(202);
    return toWireRetried(job, clock);
  });
  app.post<{ Params: { name: string; id: string } }>(`${documents}/:id/retry`, async ({ params }, reply) => {
    const job = await retry(params.name, documentIdOf(params.id));
    if (job !== null) reply.header('location', `${ALL}/${job.id}`);
    reply.code(202);
    return toWireRetried(job, clock);
  });
}

function toWireRetried(job: Job | null, clock: Clock): WireRetried {
  return { job: job === null ? null : toWireJob(job, clock.now()) };
}

function jobIdOf(id: string): JobId {
  if (/^[0-9a-f]{32}$/.test(id)) return id as JobId;
  throw new HoldfastError('job_not_found', `Job ${shown(id)} does not exist`);
}

async function* jobEvents(watched: AsyncIterable<Job>, clock: Clock): AsyncGenerator<ServerSentEvent> {
  for await (const job of watched)
    yield {
      event: job.finishedAt === null ? 'progress' : 'final',
      data: toWireJob(job, clock.now()),
    };
}
