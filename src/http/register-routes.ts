import type { FastifyInstance } from 'fastify';
import type { Ask, AskStream } from '../core/answer/answer.ts';
import type { Collections, Documents, Ingest, Jobs } from '../core/documents/library.ts';
import type { Reindexing } from '../core/documents/reindexing.ts';
import type { Uploads } from '../core/documents/uploads.ts';
import type { CheckHealth, CheckReadiness } from '../core/health.ts';
import type { Breakers } from '../core/breakers.ts';
import type { Search } from '../core/retrieval/search.ts';
import { registerBreakers } from './routes/breakers.ts';
import { registerCollections } from './routes/collections.ts';
import { registerDocuments } from './routes/documents.ts';
import { registerDuplicates } from './routes/duplicates.ts';
import { registerGenerations } from './routes/generations.ts';
import { registerIngest } from './routes/ingest.ts';
import { registerJobs, registerRetryDocuments } from './routes/jobs.ts';
import { registerOpenApi } from './routes/openapi.ts';
import { registerMetrics, type ScrapeMetrics } from './routes/metrics.ts';
import { registerQuery } from './routes/query.ts';
import { registerSearch } from './routes/search.ts';
import { registerStatus } from './routes/status.ts';
import { registerSubmitDocuments } from './routes/submit-documents.ts';
import { registerUploads } from './routes/uploads.ts';
import type { HttpOptions } from './options.ts';
import type { Admit } from './plugins/admission.ts';
import { createSignalFor } from './plugins/deadline.ts';
import type { InFlight } from './plugins/in-flight.ts';

/** The use cases that the routes call. */
export interface HttpDependencies {
  /** An empty `collections` list means all of the tenant's; none there: a refusal with `no_documents`. */
  readonly ask: Ask;
  readonly askStream: AskStream;
  readonly search: Search;
  readonly collections: Collections;
  readonly documents: Documents;
  readonly uploads: Uploads;
  readonly reindexing: Reindexing;
  readonly ingestion: Ingest;
  readonly jobs: Jobs;
  readonly checkHealth: CheckHealth;
  readonly checkReadiness: CheckReadiness;
  readonly breakers: Breakers;
  readonly scrapeMetrics: ScrapeMetrics;
  readonly admit: Admit;
}

export interface Wiring {
  readonly dependencies: HttpDependencies;
  readonly options: HttpOptions;
  readonly inFlight: InFlight;
}

/** Gives every route the functions that it calls. */
export function registerRoutes(app: FastifyInstance, { dependencies, options, inFlight }: Wiring): void {
  const { ask, askStream, search, collections, documents, ingestion, jobs, checkHealth, checkReadiness } =
    dependencies;
  const { logger, clock, maxBodyBytes, localToken, ingestRoots, version, queryTimeoutMs, searchTimeoutMs } =
    options;
  const signalFor = createSignalFor(inFlight, options.startDeadline);
  registerQuery(app, { ask, askStream, search, signalFor, queryTimeoutMs, searchTimeoutMs, logger });
  registerSearch(app, { search, signalFor, searchTimeoutMs });
  registerCollections(app, collections);
  registerGenerations(app, dependencies.reindexing);
  registerDocuments(app, documents);
  registerDuplicates(app, documents.duplicates);
  const { uploads } = dependencies;
  registerSubmitDocuments(app, { documents, uploads, signalFor, maxBodyBytes });
  registerUploads(app, uploads);
  registerJobs(app, { jobs, signalFor, logger, clock });
  registerRetryDocuments(app, jobs, clock);
  const requireCollection = collections.get.bind(collections);
  registerIngest(app, { ingestion, requireCollection, signalFor, localToken, ingestRoots, logger, clock });
  registerStatus(app, { checkHealth, checkReadiness, isDraining: inFlight.isDraining });
  registerBreakers(app, dependencies.breakers);
  registerMetrics(app, dependencies.scrapeMetrics);
  registerOpenApi(app, version);
}
