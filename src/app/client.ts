import { ERRORS, HoldfastError, type ErrorCode, type Problem } from '../core/errors.ts';
import type { BreakerHold } from '../core/breakers.ts';
import type { WireBreaker, WireBreakers } from '../http/contract/breaker.ts';
import type { WireCollection } from '../http/contract/collection.ts';
import type { WireDocument, WireSubmitted, WireSubmittedList } from '../http/contract/document.ts';
import type { WireDuplicates } from '../http/contract/duplicates.ts';
import type { WireGeneration, WireReindexStarted } from '../http/contract/generation.ts';
import type {
  WireIngestProgress,
  WireIngestRequest,
  WireIngestSummary,
  WireSyncPlan,
} from '../http/contract/ingest.ts';
import type { WireJob, WireJobDetail, WireRetried } from '../http/contract/job.ts';
import type { WireUpload } from '../http/contract/upload.ts';
import type { WireAsk, WireSearch } from '../http/contract/search.ts';
import { LOCAL_TOKEN_HEADER } from '../http/routes/ingest-request.ts';
import type { WirePage } from '../http/wire/document.ts';

/** The HTTP API of a running Holdfast, as the command line uses it. Every failure is a HoldfastError. */
export interface Client {
  readonly address: string;
  ask(body: Readonly<Record<string, unknown>>): Promise<WireAsk>;
  search(body: Readonly<Record<string, unknown>>): Promise<WireSearch>;
  listCollections(): Promise<WirePage<WireCollection>>;
  getCollection(name: string): Promise<WireCollection>;
  createCollection(body: Readonly<Record<string, unknown>>): Promise<WireCollection>;
  deleteCollection(name: string): Promise<void>;
  listDocuments(name: string, query: Readonly<Record<string, string>>): Promise<WirePage<WireDocument>>;
  listDuplicates(name: string, query: Readonly<Record<string, string>>): Promise<WireDuplicates>;
  getDocument(name: string, id: string): Promise<WireDocument>;
  documentText(name: string, id: string): Promise<string>;
  deleteDocument(name: string, id: string): Promise<void>;
  listGenerations(name: string): Promise<{ readonly items: readonly WireGeneration[] }>;
  createGeneration(name: string, body: Readonly<Record<string, unknown>>): Promise<WireReindexStarted>;
  getGeneration(name: string, id: string): Promise<WireGeneration>;
  activateGeneration(name: string, id: string): Promise<WireGeneration>;
  rollBack(name: string): Promise<WireGeneration>;
  deleteGeneration(name: string, id: string): Promise<void>;
  listBreakers(): Promise<WireBreakers>;
  holdBreaker(name: string, mode: BreakerHold): Promise<WireBreaker>;
  /** Paths are absolute and on the machine of the server. */
  ingest(name: string, what: WireIngestRequest, options: IngestOptions): Promise<WireIngestSummary>;
  /** What an ingest would do. */
  planIngest(name: string, what: WireIngestRequest): Promise<WireSyncPlan>;
  /** Resolves when the document can be found. @throws HoldfastError the reason when it cannot be taken in. */
  upload(name: string, file: NamedFile): Promise<WireSubmittedList>;
  /** How much of a content the server has; nothing is offset 0. */
  getUpload(sha256: string): Promise<WireUpload>;
  appendUpload(sha256: string, part: FilePart): Promise<WireUpload>;
  /** As `upload`, of a content that was sent before. */
  submitUpload(name: string, sent: NamedUpload): Promise<WireSubmitted | WireSubmittedList>;
  listJobs(query: Readonly<Record<string, string>>): Promise<WirePage<WireJob>>;
  getJob(id: string): Promise<WireJobDetail>;
  steerJob(id: string, action: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<WireJob>;
  /** The job after every change until it has ended. */
  watchJob(id: string, signal: AbortSignal): AsyncIterable<WireJob>;
  /** A failed document, or all of the collection (null), again. */
  retryDocuments(name: string, id: string | null): Promise<WireRetried>;
}

export interface IngestOptions {
  /** Told the job as soon as it is accepted. */
  readonly onJob: (id: string) => void;
  readonly onProgress: (progress: WireIngestProgress) => void;
  readonly signal: AbortSignal;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly form?: FormData;
  readonly part?: FilePart;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** A client of the server at `address`; the token lets it ingest any path. */
export function createClient(address: string, token: string | null): Client {
  const call = async (request: Call): Promise<Response> => send(address, token, request);
  const json = async <T>(request: Call): Promise<T> => (await (await call(request)).json()) as T;
  return {
    address,
    ask: async (body) => json({ method: 'POST', path: rag('/query'), body }),
    search: async (body) => json({ method: 'POST', path: rag('/query'), body: { ...body, mode: 'search' } }),
    listCollections: async () => json({ method: 'GET', path: rag('/collections?limit=1000') }),
    getCollection: async (name) => json({ method: 'GET', path: collection(name) }),
    createCollection: async (body) => json({ method: 'POST', path: rag('/collections'), body }),
    deleteCollection: async (name) => void (await call({ method: 'DELETE', path: collection(name) })),
    listDocuments: async (name, query) =>
      json({ method: 'GET', path: `${collection(name)}/documents?${new URLSearchParams(query)}` }),
    listDuplicates: async (name, query) =>
      json({ method: 'GET', path: `${collection(name)}/duplicates?${new URLSearchParams(query)}` }),
    getDocument: async (name, id) => json({ method: 'GET', path: document(name, id) }),
    documentText: async (name, id) =>
      (await call({ method: 'GET', path: `${document(name, id)}/text` })).text(),
    deleteDocument: async (name, id) => void (await call({ method: 'DELETE', path: document(name, id) })),
    ...generationCalls(call, json),
    listBreakers: async () => json({ method: 'GET', path: rag('/breakers') }),
    holdBreaker: async (name, mode) =>
      json({ method: 'PUT', path: rag(`/breakers/${encodeURIComponent(name)}`), body: { mode } }),
    ingest: async (name, what, options) => ingest(call, { name, what, address }, options),
    planIngest: async (name, what) =>
      json({ method: 'POST', path: `${collection(name)}/ingest`, body: { ...what, dry_run: true } }),
    upload: async (name, file) =>
      json({ method: 'POST', path: `${collection(name)}/documents?wait=true`, form: formOf(file) }),
    ...uploadCalls(json),
    listJobs: async (query) => json({ method: 'GET', path: rag(`/jobs?${new URLSearchParams(query)}`) }),
    getJob: async (id) => json({ method: 'GET', path: job(id) }),
    steerJob: async (id, action) => json({ method: 'POST', path: `${job(id)}/${action}` }),
    async *watchJob(id, signal) {
      const accept = 'text/event-stream';
      const response = await call({ method: 'GET', path: `${job(id)}/events`, accept, signal });
      for await (const { event, data } of serverSentEvents(response)) {
        if (event === 'error') throw toError(data, 0);
        yield data as WireJob;
      }
    },
    retryDocuments: async (name, id) =>
      json({
        method: 'POST',
        path: `${id === null ? `${collection(name)}/documents` : document(name, id)}/retry`,
      }),
  };
}

/** A file that need not be on any disk. */
export interface NamedFile {
  readonly name: string;
  /** ISO 639-1; null: as the collection says. */
  readonly language: string | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function formOf({ name, language, bytes }: NamedFile): FormData {
  const form = new FormData();
  if (language !== null) form.append('language', language);
  form.append('file', new Blob([bytes]), name);
  return form;
}

/** A content that the server has, and the file name of the document that it becomes. */
export interface NamedUpload {
  readonly sha256: string;
  readonly name: string;
  /** ISO 639-1; left out: as the collection says. */
  readonly language?: string;
}

/** A part of a content of `length` bytes. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Blob;
}

function uploadCalls(
  json: <T>(request: Call) => Promise<T>,
): Pick<Client, 'getUpload' | 'appendUpload' | 'submitUpload'> {
  return {
    async getUpload(sha256) {
      try {
        return await json<WireUpload>({ method: 'GET', path: upload(sha256) });
      } catch (error) {
        if (!(error instanceof HoldfastError && error.code === 'upload_not_found')) throw error;
        return { sha256, offset: 0, complete: false };
      }
    },
    appendUpload: async (sha256, part) => json({ method: 'PATCH', path: upload(sha256), part }),
    submitUpload: async (name, body) =>
      json({ method: 'POST', path: `${collection(name)}/documents?wait=true`, body }),
  };
}

interface IngestCall {
  readonly name: string;
  readonly what: WireIngestRequest;
  readonly address: string;
}

async function ingest(
  call: (request: Call) => Promise<Response>,
  { name, what, address }: IngestCall,
  { onJob, onProgress, signal }: IngestOptions,
): Promise<WireIngestSummary> {
  const response = await call({
    method: 'POST',
    path: `${collection(name)}/ingest`,
    body: what,
    accept: 'text/event-stream',
    signal,
  });
  for await (const { event, data } of serverSentEvents(response)) {
    if (event === 'job') onJob((data as { readonly id: string }).id);
    else if (event === 'progress') onProgress(data as WireIngestProgress);
    else if (event === 'error') throw toError(data, 0);
    else if (event === 'final') return data as WireIngestSummary;
  }
  throw new HoldfastError('server_unreachable', `${address} stopped in the middle of the ingest`);
}

function job(id: string): string {
  return rag(`/jobs/${encodeURIComponent(id)}`);
}

type GenerationCalls = Pick<
  Client,
  | 'listGenerations'
  | 'createGeneration'
  | 'getGeneration'
  | 'activateGeneration'
  | 'rollBack'
  | 'deleteGeneration'
>;

function generationCalls(
  call: (request: Call) => Promise<unknown>,
  json: <T>(request: Call) => Promise<T>,
): GenerationCalls {
  return {
    listGenerations: async (name) => json({ method: 'GET', path: generations(name) }),
    createGeneration: async (name, body) => json({ method: 'POST', path: generations(name), body }),
    getGeneration: async (name, id) => json({ method: 'GET', path: generation(name, id) }),
    activateGeneration: async (name, id) =>
      json({ method: 'POST', path: `${generation(name, id)}/activate` }),
    rollBack: async (name) => json({ method: 'POST', path: `${collection(name)}/rollback` }),
    deleteGeneration: async (name, id) => void (await call({ method: 'DELETE', path: generation(name, id) })),
  };
}

function rag(path: string): string {
  return `/api/v1/rag${path}`;
}

function collection(name: string): string {
  return rag(`/collections/${encodeURIComponent(name)}`);
}

function upload(sha256: string): string {
  return rag(`/uploads/${sha256}`);
}

function generations(name: string): string {
  return `${collection(name)}/generations`;
}

function generation(name: string, id: string): string {
  return `${generations(name)}/${encodeURIComponent(id)}`;
}

function document(name: string, id: string): string {
  return `${collection(name)}/documents/${encodeURIComponent(id)}`;
}

function bodyOf({ body, form, part }: Call): { body?: string | FormData | Blob } {
  if (form !== undefined) return { body: form };
  if (part !== undefined) return { body: part.bytes };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function send(address: string, token: string | null, call: Call): Promise<Response> {
  const headers: Record<string, string> = { accept: call.accept ?? 'application/json' };
  if (token !== null) headers[LOCAL_TOKEN_HEADER] = token;
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  if (call.part !== undefined) {
    headers['content-type'] = 'application/octet-stream';
    headers['upload-offset'] = String(call.part.offset);
    headers['upload-length'] = String(call.part.length);
  }
  let response: Response;
  try {
    response = await fetch(new URL(call.path, address), {
      method: call.method,
      headers,
      redirect: 'error',
      ...bodyOf(call),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (error) {
    call.signal?.throwIfAborted();
    throw new HoldfastError('server_unreachable', `${address} does not answer: ${causeOf(error)}`, {
      cause: error,
    });
  }
  if (response.ok) return response;
  throw toError(await response.json().catch(() => null), response.status);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function toError(body: unknown, status: number): HoldfastError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly code?: string;
    readonly detail?: string;
    readonly problems?: readonly Problem[];
  };
  const isKnown = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code);
  const code = isKnown ? (problem.code as ErrorCode) : 'internal_error';
  return new HoldfastError(code, problem.detail ?? `the server answered with status ${status}`, {
    problems: problem.problems ?? [],
  });
}

/** Events of a response as they come. */
async function* serverSentEvents(response: Response): AsyncGenerator<{ event: string; data: unknown }> {
  if (response.body === null) return;
  let buffered = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    buffered += text;
    const parts = buffered.split('\n\n');
    buffered = parts.pop() ?? '';
    for (const part of parts) {
      const lines = part.split('\n');
      const event =
        lines
          .find((line) => line.startsWith('event:'))
          ?.slice(6)
          .trim() ?? 'message';
      const data = lines
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n');
      if (data !== '') yield { event, data: JSON.parse(data) as unknown };
    }
  }
}
