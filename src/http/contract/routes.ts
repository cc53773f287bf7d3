import type { z } from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import {
  collectionPageSchema,
  collectionSchema,
  createCollectionSchema,
  updateCollectionSchema,
} from './collection.ts';
import { chunkPageSchema } from './chunk.ts';
import { pageQuerySchema } from './common.ts';
import {
  createDocumentSchema,
  documentListQuerySchema,
  documentPageSchema,
  documentSchema,
  submitQuerySchema,
  submittedListSchema,
  submittedSchema,
  uploadSchema,
} from './document.ts';
import { healthSchema, livenessSchema, readinessSchema } from './health.ts';
import { ingestRequestSchema, ingestSummarySchema } from './ingest.ts';
import { queryRequestSchema } from './query.ts';
import { askResponseSchema, searchQuerySchema, searchResponseSchema } from './search.ts';

/** What a body holds: JSON of one of the schemas, or something that JSON Schema does not describe. */
export type Content = readonly z.ZodType[] | 'text' | 'bytes' | 'events' | 'object';

export interface ResponseContract {
  readonly description: string;
  /** Media type -> content; empty: no body. */
  readonly content: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One endpoint, as the OpenAPI document, the 405 answers and the tests know it. */
export interface RouteContract {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'answers' | 'collections' | 'documents' | 'operations';
  readonly query?: z.ZodObject;
  /** Names of request headers with their meaning. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, z.ZodType>>;
  readonly responses: Readonly<Record<number, ResponseContract>>;
  /** Beside those that every route may answer. */
  readonly errors: readonly ErrorCode[];
}

const API = '/api/v1/rag';
const COLLECTION = `${API}/collections/{name}`;
const DOCUMENTS = `${COLLECTION}/documents`;
const DOCUMENT = `${DOCUMENTS}/{id}`;

const DEADLINE = {
  'X-Request-Deadline-Ms': 'Milliseconds that the answer may take: default 10,000, at most 60,000.',
};
const DEGRADED = {
  'X-Degraded': 'Parts that are missing: `component=mode, ...`; no header when nothing is.',
};
const LOCATION = { Location: 'Path of what was created.' };
const PAGE_ERRORS = ['invalid_request', 'invalid_cursor'] as const;
const BODY_ERRORS = ['invalid_request', 'invalid_json', 'unsupported_media_type', 'body_too_large'] as const;
const WRITE_ERRORS = ['storage_full', 'storage_failed'] as const;
const QUERY_ERRORS = [
  'invalid_query',
  'invalid_filter',
  'collection_not_found',
  'deadline_exceeded',
] as const;
const DOCUMENT_ERRORS = ['collection_not_found', 'document_not_found'] as const;

function json(description: string, ...schemas: readonly z.ZodType[]): ResponseContract {
  return { description, content: { 'application/json': schemas } };
}

const NOTHING = { description: 'Done', content: {} } as const satisfies ResponseContract;

const ANSWERS: readonly RouteContract[] = [
  {
    id: 'query',
    method: 'POST',
    path: `${API}/query`,
    summary: 'Answer a question with citations',
    tag: 'answers',
    headers: DEADLINE,
    body: { 'application/json': queryRequestSchema },
    responses: {
      200: {
        description:
          'The answer; search results for mode "search". With `stream: true` or `Accept: text/event-stream` the events `retrieval`, `delta`, `citation`, `degraded`, `final` and `error`.',
        content: {
          'application/json': [askResponseSchema, searchResponseSchema],
          'text/event-stream': 'events',
        },
        headers: DEGRADED,
      },
    },
    errors: [...BODY_ERRORS, ...QUERY_ERRORS],
  },
  {
    id: 'search',
    method: 'GET',
    path: `${API}/search`,
    summary: 'Search without an answer; `filter.<field>=value` adds an equality',
    tag: 'answers',
    headers: DEADLINE,
    query: searchQuerySchema,
    responses: { 200: { ...json('The results', searchResponseSchema), headers: DEGRADED } },
    errors: ['invalid_request', ...QUERY_ERRORS],
  },
];

const COLLECTIONS: readonly RouteContract[] = [
  {
    id: 'listCollections',
    method: 'GET',
    path: `${API}/collections`,
    summary: 'List collections by name',
    tag: 'collections',
    query: pageQuerySchema,
    responses: { 200: json('A page of collections', collectionPageSchema) },
    errors: PAGE_ERRORS,
  },
  {
    id: 'createCollection',
    method: 'POST',
    path: `${API}/collections`,
    summary: 'Create a collection',
    tag: 'collections',
    body: { 'application/json': createCollectionSchema },
    responses: { 201: { ...json('The new collection', collectionSchema), headers: LOCATION } },
    errors: [...BODY_ERRORS, ...WRITE_ERRORS, 'collection_exists'],
  },
  {
    id: 'getCollection',
    method: 'GET',
    path: COLLECTION,
    summary: 'Get a collection with its counts',
    tag: 'collections',
    responses: { 200: json('The collection', collectionSchema) },
    errors: ['collection_not_found'],
  },
  {
    id: 'updateCollection',
    method: 'PATCH',
    path: COLLECTION,
    summary: 'Change the settings of a collection',
    tag: 'collections',
    body: { 'application/json': updateCollectionSchema },
    responses: { 200: json('The collection', collectionSchema) },
    errors: [...BODY_ERRORS, ...WRITE_ERRORS, 'collection_not_found'],
  },
  {
    id: 'deleteCollection',
    method: 'DELETE',
    path: COLLECTION,
    summary: 'Delete a collection with everything in it',
    tag: 'collections',
    responses: { 204: NOTHING },
    errors: [...WRITE_ERRORS, 'collection_not_found'],
  },
];

const DOCUMENTS_ROUTES: readonly RouteContract[] = [
  {
    id: 'listDocuments',
    method: 'GET',
    path: DOCUMENTS,
    summary: 'List documents with their states',
    tag: 'documents',
    query: documentListQuerySchema,
    responses: { 200: json('A page of documents', documentPageSchema) },
    errors: [...PAGE_ERRORS, 'collection_not_found'],
  },
  {
    id: 'createDocuments',
    method: 'POST',
    path: DOCUMENTS,
    summary: 'Add a document as JSON text, or files as a multipart upload',
    tag: 'documents',
    query: submitQuerySchema,
    body: { 'application/json': createDocumentSchema, 'multipart/form-data': uploadSchema },
    responses: {
      201: {
        ...json('With `wait=true`: can be found', submittedSchema, submittedListSchema),
        headers: LOCATION,
      },
      202: { ...json('Accepted and durable', submittedSchema, submittedListSchema), headers: LOCATION },
    },
    errors: [
      ...BODY_ERRORS,
      ...WRITE_ERRORS,
      'collection_not_found',
      'document_empty',
      'document_binary',
      'document_too_large',
      'document_malformed',
      'document_unsupported',
      'document_timeout',
    ],
  },
  {
    id: 'getDocument',
    method: 'GET',
    path: DOCUMENT,
    summary: 'Get a document with its state and reason',
    tag: 'documents',
    responses: { 200: json('The document', documentSchema) },
    errors: DOCUMENT_ERRORS,
  },
  {
    id: 'deleteDocument',
    method: 'DELETE',
    path: DOCUMENT,
    summary: 'Delete a document',
    tag: 'documents',
    responses: { 204: NOTHING },
    errors: [...WRITE_ERRORS, ...DOCUMENT_ERRORS],
  },
  {
    id: 'listChunks',
    method: 'GET',
    path: `${DOCUMENT}/chunks`,
    summary: 'List the passages of a document in order',
    tag: 'documents',
    query: pageQuerySchema,
    responses: { 200: json('A page of passages', chunkPageSchema) },
    errors: [...PAGE_ERRORS, ...DOCUMENT_ERRORS],
  },
  {
    id: 'getDocumentText',
    method: 'GET',
    path: `${DOCUMENT}/text`,
    summary: 'Get the stored text that citations point into (UTF-16 code units)',
    tag: 'documents',
    responses: { 200: { description: 'The text', content: { 'text/plain': 'text' } } },
    errors: DOCUMENT_ERRORS,
  },
  {
    id: 'getDocumentOriginal',
    method: 'GET',
    path: `${DOCUMENT}/original`,
    summary: 'Download the original bytes',
    tag: 'documents',
    responses: {
      200: {
        description: 'The original as an attachment',
        content: { '*/*': 'bytes' },
        headers: { 'Content-Disposition': '`attachment` with the file name.' },
      },
    },
    errors: DOCUMENT_ERRORS,
  },
  {
    id: 'ingestFolders',
    method: 'POST',
    path: `${COLLECTION}/ingest`,
    summary: 'Sync folders of the server into the collection',
    tag: 'documents',
    headers: {
      'X-Holdfast-Local-Token': 'Allows any path; without it paths must lie below an allowed root.',
    },
    body: { 'application/json': ingestRequestSchema },
    responses: {
      200: {
        description:
          'What was done. With `Accept: text/event-stream` the events `progress`, `final` and `error`.',
        content: { 'application/json': [ingestSummarySchema], 'text/event-stream': 'events' },
      },
    },
    errors: [...BODY_ERRORS, ...WRITE_ERRORS, 'forbidden', 'collection_not_found', 'path_not_found'],
  },
];

const OPERATIONS: readonly RouteContract[] = [
  {
    id: 'getStatus',
    method: 'GET',
    path: `${API}/status`,
    summary: 'Show what works, per dependency',
    tag: 'operations',
    responses: { 200: json('The state, also when it is down', healthSchema) },
    errors: [],
  },
  {
    id: 'getHealth',
    method: 'GET',
    path: '/health',
    summary: 'Show what works; 503 when no answer is possible',
    tag: 'operations',
    responses: { 200: json('Works, perhaps degraded', healthSchema), 503: json('Down', healthSchema) },
    errors: [],
  },
  {
    id: 'getLiveness',
    method: 'GET',
    path: '/livez',
    summary: 'Say that the process lives',
    tag: 'operations',
    responses: { 200: json('Alive', livenessSchema) },
    errors: [],
  },
  {
    id: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    summary: 'Say whether to send requests here',
    tag: 'operations',
    responses: { 200: json('Ready', readinessSchema), 503: json('Not ready', readinessSchema) },
    errors: [],
  },
  {
    id: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'Get this document',
    tag: 'operations',
    responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': 'object' } } },
    errors: [],
  },
];

/** Every endpoint of the server: a test holds the registered routes to this table. */
export const ROUTES: readonly RouteContract[] = [
  ...ANSWERS,
  ...COLLECTIONS,
  ...DOCUMENTS_ROUTES,
  ...OPERATIONS,
];
