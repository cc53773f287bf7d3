import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDeadline } from '../../src/app/request-deadline.ts';
import type { AnswerEvent, AskResponse } from '../../src/core/answer/answer.ts';
import type { CollectionSummary } from '../../src/core/documents/collection.ts';
import type { DocumentRecord, HydratedChunk } from '../../src/core/documents/document.ts';
import {
  type CollectionName,
  DEFAULT_TENANT,
  documentId,
  type GenerationId,
  type Scope,
  type VersionId,
  chunkId,
} from '../../src/core/documents/ids.ts';
import type {
  Ingest,
  IngestFolder,
  IngestSummary,
  Jobs,
  Submission,
} from '../../src/core/documents/library.ts';
import type { Job, JobId } from '../../src/core/ingest/job.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import type { Degradation, SearchResponse } from '../../src/core/retrieval/search.ts';
import type { LogFields } from '../../src/lib/logger.ts';
import { HTTP_DEFAULTS, type HttpOptions } from '../../src/http/options.ts';
import type { HttpDependencies } from '../../src/http/register-routes.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import { bytesOf, memoryUploads } from './memory-uploads.ts';

const VERSION = 'a'.repeat(32) as VersionId;
const NOW = '2026-01-01T00:00:00.000Z';
export const TEXT = 'Backups run daily at 02:00 and are kept for 30 days.';

export const DEGRADED: Degradation = {
  component: 'embedding',
  mode: 'lexical_only',
  reason: 'timeout after 2000 ms',
  since: NOW,
};

const DOCS: Scope = { tenant: DEFAULT_TENANT, collection: 'docs' as CollectionName };

const PLACE = {
  collection: DOCS.collection,
  chunkId: chunkId(VERSION, 0),
  documentId: documentId(DOCS, 'guide.md'),
  documentVersion: VERSION,
  title: 'Guide',
  uri: 'docs/guide.md',
  headingPath: ['Operations', 'Backups'],
  page: null,
  start: 0,
  end: TEXT.length,
};

export function searchResponse(query: string): SearchResponse {
  return {
    id: 'answer-1',
    query,
    results: [{ ...PLACE, rank: 1, text: TEXT, score: 0.5 }],
    retrieval: { mode: 'hybrid', generation: 'static-1', embeddingModel: 'static' },
    degraded: [],
    timingsMs: { total: 1.5 },
  };
}

export function askResponse(query: string): AskResponse {
  const found = searchResponse(query);
  return {
    ...found,
    answer: { text: 'Backups run daily at 02:00 [1].', mode: 'extractive', refused: false, reason: null },
    citations: [{ ...PLACE, marker: 1, end: 26, quote: TEXT.slice(0, 26) }],
    cache: 'miss',
  };
}

function collectionSummary(scope: Scope): CollectionSummary {
  return {
    ...scope,
    serving: scope,
    chunkTokens: null,
    embedder: null,
    settings: { language: 'auto', description: '' },
    generation: 'static-1' as GenerationId,
    createdAt: NOW,
    stats: {
      documents: { total: 1, ready: 1, failed: 0, skipped: 0, pending: 0 },
      chunks: 1,
      sizeBytes: 52,
      sequence: 1,
    },
  };
}

export function documentRecord(scope: Scope, submission: Submission): DocumentRecord {
  const key = submission.key ?? submission.uri ?? submission.name;
  const { byteLength } = bytesOf(submission);
  const isEmpty = byteLength === 0;
  return {
    id: documentId(scope, key),
    sourceKey: key,
    origin: 'api',
    item: key,
    version: isEmpty ? null : VERSION,
    state: isEmpty ? 'failed' : 'ready',
    stateSince: NOW,
    tries: 1,
    problem: isEmpty ? { code: 'document_empty', reason: `${key} holds no text` } : null,
    title: submission.title ?? submission.name,
    uri: submission.uri,
    format: submission.format ?? 'text',
    language: submission.givenLanguage ?? 'en',
    metadata: submission.metadata,
    contentHash: 'b'.repeat(64),
    sizeBytes: byteLength,
    chunkCount: isEmpty ? 0 : 1,
    sequence: 1,
    createdAt: NOW,
    updatedAt: NOW,
  };
}

export const SUMMARY: IngestSummary = {
  files: { found: 3, added: 1, updated: 0, unchanged: 0, removed: 0, failed: 1, skipped: 1 },
  documents: 1,
  chunks: 4,
  bytes: 100,
  elapsedMs: 12,
  failures: [{ item: 'broken.json', problem: { code: 'document_malformed', reason: 'line 1' } }],
  skipped: [{ item: 'logo.png', problem: { code: 'document_binary', reason: 'NUL at 8' } }],
};

export const JOB: Job = {
  id: 'c'.repeat(32) as JobId,
  tenant: DOCS.tenant,
  collection: DOCS.collection,
  kind: 'sync',
  state: 'running',
  priority: 1,
  counts: {
    found: 3,
    queued: 2,
    working: 0,
    added: 1,
    updated: 0,
    unchanged: 0,
    removed: 0,
    failed: 0,
    skipped: 0,
    superseded: 0,
    cancelled: 0,
    documents: 1,
    chunks: 4,
    bytes: 100,
  },
  isListing: false,
  problem: null,
  createdAt: '1970-01-01T00:00:00.000Z',
  startedAt: '1969-12-31T23:59:58.000Z',
  finishedAt: null,
};

/** An ingest that does at its end what `run` does. */
export function ingestionOf(run: IngestFolder): Ingest {
  const requests = new Map<string, Parameters<IngestFolder>[0]>();
  return {
    async start(request) {
      requests.set(JOB.id, request);
      return JOB;
    },
    async finished({ id }, onProgress, signal) {
      const request = requests.get(id);
      if (request === undefined) throw new Error(`no job ${id}`);
      return run(request, onProgress, signal);
    },
    plan: async () => ({ files: SUMMARY.files, removed: ['gone.md'], refusal: null }),
  };
}

function requiredJob(id: JobId, changes: Partial<Job> = {}): Job {
  if (id !== JOB.id) throw new HoldfastError('job_not_found', `there is no job ${id}`);
  return { ...JOB, ...changes };
}

/** Jobs of which there is one; what is done to it shows in its state. */
export function fakeJobs(): Jobs {
  const required = requiredJob;
  return {
    list: async () => ({ items: [JOB], nextCursor: null }),
    get: async (_tenant, id) => required(id),
    async *watch(_tenant, id) {
      yield required(id);
      yield required(id, { state: 'done', finishedAt: NOW });
    },
    problems: async () => SUMMARY.failures,
    cancel: async (_tenant, id) => required(id, { state: 'cancelled', finishedAt: NOW }),
    pause: async (_tenant, id) => required(id, { state: 'paused' }),
    resume: async (_tenant, id) => required(id),
    retry: async (_tenant, id) => required(id, { state: 'queued' }),
    retryDocuments: async (_scope, id) => (id === null ? JOB : null),
  };
}

interface FakeLibrary extends Pick<HttpDependencies, 'collections' | 'documents'> {
  readonly stored: Map<string, { readonly record: DocumentRecord; readonly bytes: Uint8Array }>;
}

/** Collections and documents in maps; `docs` is there. */
function fakeLibrary(): FakeLibrary {
  const known = new Map<string, CollectionSummary>();
  const stored: FakeLibrary['stored'] = new Map();
  known.set('docs', collectionSummary(DOCS));
  const requireCollection = (scope: Scope): CollectionSummary => {
    const found = known.get(scope.collection);
    if (found === undefined) {
      throw new HoldfastError('collection_not_found', `Collection "${scope.collection}" does not exist`);
    }
    return found;
  };
  const requireDocument = (scope: Scope, id: string) => {
    requireCollection(scope);
    const found = stored.get(id);
    if (found === undefined) throw new HoldfastError('document_not_found', `Document "${id}" does not exist`);
    return found;
  };
  const take = (scope: Scope, submission: Submission): DocumentRecord => {
    requireCollection(scope);
    if (submission.name.endsWith('.exe')) {
      throw new HoldfastError('document_unsupported', `${submission.name}: no parser for .exe`);
    }
    const record = documentRecord(scope, submission);
    stored.set(record.id, { record, bytes: bytesOf(submission) });
    return record;
  };
  return {
    stored,
    collections: {
      async create(scope, settings) {
        if (known.has(scope.collection)) {
          throw new HoldfastError('collection_exists', `Collection "${scope.collection}" exists`);
        }
        const summary = collectionSummary(scope);
        const created = { ...summary, settings: { ...summary.settings, ...settings } };
        known.set(scope.collection, created);
        return created;
      },
      ensure: async (scope) => known.get(scope.collection) ?? collectionSummary(scope),
      get: async (scope) => requireCollection(scope),
      list: async () => ({ items: [...known.values()], nextCursor: null }),
      async update(scope, settings) {
        const found = requireCollection(scope);
        const updated = { ...found, settings: { ...found.settings, ...settings } };
        known.set(scope.collection, updated);
        return updated;
      },
      async delete(scope) {
        requireCollection(scope);
        known.delete(scope.collection);
      },
    },
    documents: {
      async accept(scope, submissions) {
        const records = submissions.map((submission) => take(scope, submission));
        return { job: JOB.id, items: records.map(({ item }) => item), records };
      },
      settled: async (_scope, { items }) =>
        [...stored.values()].map(({ record }) => record).filter(({ item }) => items.includes(item)),
      submit: async (scope, submission) => [take(scope, submission)],
      async list(scope, request) {
        requireCollection(scope);
        if (request.cursor === 'broken') throw new HoldfastError('invalid_cursor', 'cursor: got "broken"');
        const records = [...stored.values()].map(({ record }) => record);
        const items = records.filter(({ state }) => request.state === undefined || state === request.state);
        return {
          items: items.slice(0, request.limit),
          nextCursor: items.length > request.limit ? 'next' : null,
        };
      },
      get: async (scope, id) => requireDocument(scope, id).record,
      async chunks(scope, id) {
        const { record } = requireDocument(scope, id);
        const chunk: HydratedChunk = {
          id: chunkId(VERSION, 0),
          documentId: record.id,
          version: VERSION,
          ordinal: 0,
          title: record.title,
          uri: record.uri,
          language: record.language,
          headingPath: [],
          page: null,
          start: 0,
          end: 4,
          text: TEXT.slice(0, 4),
        };
        return { items: [chunk], nextCursor: null };
      },
      text: async (scope, id) => new TextDecoder().decode(requireDocument(scope, id).bytes),
      original: async (scope, id) => requireDocument(scope, id),
      async delete(scope, id) {
        requireDocument(scope, id);
        stored.delete(id);
      },
      async duplicates(scope, { cursor }) {
        requireCollection(scope);
        if (cursor === 'broken') throw new HoldfastError('invalid_cursor', 'cursor: got "broken"');
        const members = [...stored.values()].map(({ record }, at) => ({ record, similarity: 1 - at / 16 }));
        const items = members.length < 2 ? [] : [{ size: members.length, members }];
        return { items, nextCursor: null, compared: members.length, isComplete: true };
      },
    },
  };
}

export async function* answerEvents(query: string): AsyncGenerator<AnswerEvent> {
  const final = askResponse(query);
  yield { type: 'retrieval', data: searchResponse(query) };
  yield { type: 'delta', data: { text: final.answer.text } };
  for (const data of final.citations) yield { type: 'citation', data };
  yield { type: 'final', data: final };
}

/** No collection has a generation beside the live one. */
function fakeReindexing({
  get,
}: Pick<HttpDependencies['collections'], 'get'>): HttpDependencies['reindexing'] {
  const missing = async (scope: Scope): Promise<never> => {
    await get(scope);
    throw new HoldfastError('generation_not_found', `"${scope.collection}" has no other generation`);
  };
  return {
    start: missing,
    get: missing,
    activate: missing,
    rollBack: missing,
    delete: missing,
    async list(scope) {
      await get(scope);
      return [];
    },
  };
}

/** Documents that accept everything and remember what was submitted. */
export function recordingDocuments(): {
  readonly submissions: readonly Submission[];
  readonly documents: HttpDependencies['documents'];
} {
  const submissions: Submission[] = [];
  const documents: HttpDependencies['documents'] = {
    ...fakeDependencies().documents,
    async accept(scope, sent) {
      submissions.push(...sent);
      const records = sent.map((submission) => documentRecord(scope, submission));
      return { job: JOB.id, items: records.map(({ item }) => item), records };
    },
  };
  return { submissions, documents };
}

/** Use cases written by hand; unknown collections are refused as the real ones do. */
export function fakeDependencies(overrides: Partial<HttpDependencies> = {}): HttpDependencies {
  const { collections, documents } = fakeLibrary();
  return {
    async ask(request) {
      for (const collection of request.collections) await collections.get({ ...request, collection });
      return askResponse(request.query);
    },
    async *askStream(request) {
      for (const collection of request.collections) await collections.get({ ...request, collection });
      yield* answerEvents(request.query);
    },
    async search(request) {
      for (const collection of request.collections) await collections.get({ ...request, collection });
      return searchResponse(request.query);
    },
    collections,
    documents,
    uploads: memoryUploads(),
    reindexing: fakeReindexing(collections),
    ingestion: ingestionOf(async (_request, onProgress) => {
      onProgress({ done: 1, found: 3, chunks: 4, failure: null });
      onProgress({ done: 2, found: 3, chunks: 4, failure: SUMMARY.failures[0] ?? null });
      return SUMMARY;
    }),
    jobs: fakeJobs(),
    checkHealth: async () => ({
      state: 'ok',
      version: '0.0.0',
      uptimeSeconds: 1.5,
      dependencies: [{ name: 'catalog', state: 'up', detail: null }],
      collections: 1,
      documents: 0,
      chunks: 0,
    }),
    checkReadiness: () => ({ state: 'ready', reason: null }),
    admit: () => undefined,
    breakers: { list: () => [], hold: refuse },
    scrapeMetrics: async () => ({ contentType: 'text/plain', text: '' }),
    ...overrides,
  };
}

function refuse(): never {
  throw new Error('not expected');
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

export interface RunningServer extends AsyncDisposable {
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  readonly log: LogLine[];
}

export function testOptions(log: LogLine[] = []): HttpOptions {
  let requests = 0;
  const writer = (level: LogLine['level']) => (message: string, fields: LogFields) => {
    log.push({ level, message, fields });
  };
  return {
    ...HTTP_DEFAULTS,
    version: '0.0.0',
    maxBodyBytes: 1024 * 1024,
    allowedHosts: [],
    trustLocal: true,
    localToken: 'secret-token',
    ingestRoots: [],
    logger: { debug: () => undefined, info: writer('info'), warn: writer('warn'), error: writer('error') },
    clock: { now: () => 0, monotonic: () => 0 },
    startDeadline,
    observeRequest: () => undefined,
    newRequestId: () => `request-${++requests}`,
  };
}

/** A real server on a free port of 127.0.0.1. */
export async function startServer(
  overrides: Partial<HttpDependencies> = {},
  options: Partial<HttpOptions> = {},
): Promise<RunningServer> {
  const log: LogLine[] = [];
  const server = createHttpServer(fakeDependencies(overrides), { ...testOptions(log), ...options });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, url, port: Number(new URL(url).port), log, [Symbol.asyncDispose]: () => server.close() };
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A request as it is: any Host, any path, no normalisation. */
export function send({ port }: { readonly port: number }, sent: RawRequest): Promise<RawResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<RawResponse>();
  const { method = 'GET', path: target, headers = {}, body } = sent;
  const request = httpRequest({ host: '127.0.0.1', port, method, path: target, headers, agent: false });
  request.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** A JSON body with its headers. */
export function json(body: unknown): Pick<RawRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-http-')));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Events of a complete `text/event-stream` body. */
export function parseEvents(body: string): { readonly event: string; readonly data: unknown }[] {
  return body
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const lines = new Map(
        block.split('\n').map((line): [string, string] => {
          const colon = line.indexOf(': ');
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      return { event: lines.get('event') ?? '', data: JSON.parse(lines.get('data') ?? 'null') as unknown };
    });
}
