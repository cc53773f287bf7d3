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
import { duplicatePageSchema } from './duplicates.ts';
import { ingestQuerySchema, ingestRequestSchema, ingestSummarySchema, syncPlanSchema } from './ingest.ts';
import { jobSchema } from './job.ts';
import {
  BODY_ERRORS,
  COLLECTION,
  json,
  LOCATION,
  NOTHING,
  PAGE_ERRORS,
  type RouteContract,
  WRITE_ERRORS,
} from './route.ts';

const DOCUMENTS = `${COLLECTION}/documents`;
const DOCUMENT = `${DOCUMENTS}/{id}`;
/** Of a site or repository as a whole; single pages show them as their problem. */
const SOURCE_ERRORS = [
  'git_unreadable',
  'site_too_large',
  'url_invalid',
  'url_forbidden',
  'url_unreachable',
  'url_timeout',
  'url_redirects',
  'url_status',
  'url_content_type',
  'url_too_large',
  'url_malformed',
  'url_robots',
] as const;

const DOCUMENT_ERRORS = ['collection_not_found', 'document_not_found'] as const;

/** Documents, their parts, and how they come in. */
export const DOCUMENT_ROUTES: readonly RouteContract[] = [
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
    summary: 'Add a document as JSON text or by the hash of an upload, or files as a multipart upload',
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
      'document_unpack_limit',
      'document_encrypted',
      'document_timeout',
      'upload_too_large',
      'upload_not_found',
      'upload_incomplete',
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
    id: 'listDuplicates',
    method: 'GET',
    path: `${COLLECTION}/duplicates`,
    summary: 'List groups of documents with nearly the same text',
    tag: 'documents',
    query: pageQuerySchema,
    responses: { 200: json('A page of groups', duplicatePageSchema) },
    errors: [...PAGE_ERRORS, 'collection_not_found'],
  },
  {
    id: 'ingestFolders',
    method: 'POST',
    path: `${COLLECTION}/ingest`,
    summary: 'Take folders, repositories or web pages into the collection',
    tag: 'documents',
    headers: {
      'X-Holdfast-Local-Token': 'Allows any path; without it paths must lie below an allowed root.',
    },
    query: ingestQuerySchema,
    body: { 'application/json': ingestRequestSchema },
    responses: {
      200: {
        description:
          'With `wait=true`: what was done; with `dry_run`: what would be. With `Accept: text/event-stream` the events `job`, `progress`, `final` and `error`.',
        content: {
          'application/json': [ingestSummarySchema, syncPlanSchema],
          'text/event-stream': 'events',
        },
      },
      202: { ...json('Accepted and durable: the job', jobSchema), headers: LOCATION },
    },
    errors: [
      ...BODY_ERRORS,
      ...WRITE_ERRORS,
      'forbidden',
      'collection_not_found',
      'path_not_found',
      'sync_deletes_too_much',
      'job_cancelled',
      ...SOURCE_ERRORS,
    ],
  },
];
