import { createHash, timingSafeEqual } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import type { Collections, Ingest, IngestProgress, IngestSummary } from '../../core/documents/library.ts';
import type { Job } from '../../core/ingest/job.ts';
import { ingestQuerySchema, ingestRequestSchema } from '../contract/ingest.ts';
import { invalid, parse, shown } from '../contract/parse.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { acceptsEvents, sendEvents, type ServerSentEvent } from '../server-sent-events.ts';
import { scopeOf } from '../tenant.ts';
import { toWireIngestProgress, toWireIngestSummary, toWireSyncPlan } from '../wire/ingest.ts';
import { toWireJob } from '../wire/job.ts';

export const LOCAL_TOKEN_HEADER = 'x-holdfast-local-token';

export interface IngestDependencies {
  readonly ingestion: Ingest;
  readonly requireCollection: Collections['get'];
  readonly signalFor: SignalFor;
  readonly localToken: string | null;
  readonly ingestRoots: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
}

/** `POST /api/v1/rag/collections/{name}/ingest`: starts to sync folders of the server. */
export function registerIngest(app: FastifyInstance, dependencies: IngestDependencies): void {
  const { ingestion, requireCollection, signalFor, logger, clock } = dependencies;
  app.post<{ Params: { name: string } }>('/api/v1/rag/collections/:name/ingest', async (request, reply) => {
    const scope = scopeOf(request.params.name);
    const { wait } = parse(ingestQuerySchema, request.query, 'parameters');
    const { paths: sent, force = false, dry_run: isDry = false } = parse(ingestRequestSchema, request.body);
    const paths = await allowedPaths(request, sent, dependencies);
    await requireCollection(scope);
    const signal = signalFor(request, reply, null);
    if (isDry)
      return toWireSyncPlan(await untilAborted(signal, ingestion.plan({ scope, paths, force }, signal)));
    const job = await ingestion.start({ scope, paths, force });
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

/** The paths as they may be read: any with the local token, else real paths below an ingest root. */
async function allowedPaths(
  request: FastifyRequest,
  paths: readonly string[],
  { localToken, ingestRoots }: IngestDependencies,
): Promise<readonly string[]> {
  const relative = paths.flatMap((entry, index) =>
    path.isAbsolute(entry)
      ? []
      : [{ name: `paths[${index}]`, detail: `Expected an absolute path, got ${shown(entry)}` }],
  );
  if (relative.length > 0) throw invalid(relative);
  if (localToken !== null && isSameSecret(request.headers[LOCAL_TOKEN_HEADER], localToken)) return paths;
  const roots = await Promise.all(ingestRoots.map(resolvedOrSame));
  return Promise.all(paths.map((entry) => pathBelow(roots, entry)));
}

/** What is checked is what is read: the real path, so that a link cannot lead out of a root. */
async function pathBelow(roots: readonly string[], entry: string): Promise<string> {
  const real = await realpath(entry).catch(() => null);
  if (roots.some((root) => isBelow(root, real ?? path.normalize(entry)))) {
    if (real !== null) return real;
    throw new HoldfastError('path_not_found', `${shown(entry)} does not exist on the server`);
  }
  throw new HoldfastError(
    'forbidden',
    `paths: ${shown(entry)} is not below a folder that this server ingests from`,
  );
}

function resolvedOrSame(root: string): Promise<string> {
  return realpath(root).catch(() => path.normalize(root));
}

function isBelow(root: string, entry: string): boolean {
  const relative = path.relative(root, entry);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** Compares in constant time: hashes have one length. */
function isSameSecret(sent: string | string[] | undefined, secret: string): boolean {
  if (typeof sent !== 'string') return false;
  return timingSafeEqual(
    createHash('sha256').update(sent).digest(),
    createHash('sha256').update(secret).digest(),
  );
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
