import assert from 'node:assert/strict';
import type { WireChunk } from '../../src/http/contract/chunk.ts';
import type { WireCollection } from '../../src/http/contract/collection.ts';
import type { WireDocument } from '../../src/http/contract/document.ts';
import type { WireHealth } from '../../src/http/contract/health.ts';
import type { WireJob } from '../../src/http/contract/job.ts';
import type { WireIngestSummary } from '../../src/http/contract/ingest.ts';
import type { WireAsk, WireSearch } from '../../src/http/contract/search.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Parsed JSON, or the text of another type. */
  readonly body: unknown;
}

export interface Sending {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The HTTP API as a client of another program sees it. The named calls fail unless the status is a success. */
export interface Api {
  /** Any request, any status. Rejects when the connection breaks. */
  send(method: string, path: string, sending?: Sending): Promise<Answer>;
  /** Resolves as soon as the status is known: what the client may take as acknowledged. */
  status(method: string, path: string, sending?: Sending): Promise<number>;
  createCollection(name: string, settings?: Readonly<Record<string, unknown>>): Promise<void>;
  collection(name: string): Promise<WireCollection>;
  submit(collection: string, document: Readonly<Record<string, unknown>>): Promise<Answer>;
  ingest(collection: string, ...paths: string[]): Promise<WireIngestSummary>;
  /** The newest first. */
  jobs(): Promise<readonly WireJob[]>;
  documents(collection: string): Promise<readonly WireDocument[]>;
  text(collection: string, id: string): Promise<string>;
  chunks(collection: string, id: string): Promise<readonly WireChunk[]>;
  search(collection: string, query: string, mode?: string): Promise<WireSearch['results']>;
  ask(collection: string, query: string): Promise<WireAsk>;
  health(): Promise<WireHealth>;
}

const RAG = '/api/v1/rag';

export function collectionPath(name: string): string {
  return `${RAG}/collections/${encodeURIComponent(name)}`;
}

export function createApi(address: string, token: string): Api {
  const request = async (method: string, path: string, { body, signal }: Sending = {}): Promise<Response> =>
    fetch(new URL(path, address), {
      method,
      headers: {
        'x-holdfast-local-token': token,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  const send: Api['send'] = async (method, path, sending) => {
    const response = await request(method, path, sending);
    const type = response.headers.get('content-type') ?? '';
    const text = await response.text();
    return { status: response.status, type, body: type.includes('json') ? JSON.parse(text) : text };
  };
  const ok = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await send(method, path, body === undefined ? {} : { body });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  return {
    send,
    async status(method, path, sending) {
      const response = await request(method, path, sending);
      response.arrayBuffer().catch(() => undefined);
      return response.status;
    },
    createCollection: async (name, settings = {}) =>
      void (await ok('POST', `${RAG}/collections`, { name, ...settings })),
    collection: async (name) => ok('GET', collectionPath(name)),
    submit: async (name, body) => send('POST', `${collectionPath(name)}/documents?wait=true`, { body }),
    ingest: async (name, ...paths) => ok('POST', `${collectionPath(name)}/ingest?wait=true`, { paths }),
    jobs: async () => everyPage(async (query) => ok('GET', `${RAG}/jobs?${query}`)),
    documents: async (name) =>
      everyPage(async (query) => ok('GET', `${collectionPath(name)}/documents?${query}`)),
    text: async (name, id) => ok('GET', `${collectionPath(name)}/documents/${id}/text`),
    chunks: async (name, id) =>
      everyPage(async (query) => ok('GET', `${collectionPath(name)}/documents/${id}/chunks?${query}`)),
    search: async (name, query, mode = 'hybrid') => {
      const body = { query, collections: [name], mode: 'search', retrieval_mode: mode, top_k: 100 };
      return (await ok<WireSearch>('POST', `${RAG}/query`, body)).results;
    },
    ask: async (name, query) => ok('POST', `${RAG}/query`, { query, collections: [name] }),
    health: async () => ok('GET', '/health'),
  };
}

interface WirePage<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

async function everyPage<T>(read: (query: string) => Promise<WirePage<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: WirePage<T> = await read(
      new URLSearchParams({ limit: '1000', ...(cursor === null ? {} : { cursor }) }).toString(),
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}
