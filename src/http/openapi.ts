import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import { chunkSchema } from './contract/chunk.ts';
import { collectionSchema, createCollectionSchema, updateCollectionSchema } from './contract/collection.ts';
import {
  createDocumentSchema,
  documentSchema,
  submittedListSchema,
  submittedSchema,
} from './contract/document.ts';
import { healthSchema, readinessSchema } from './contract/health.ts';
import { ingestRequestSchema, ingestSummarySchema } from './contract/ingest.ts';
import { problemSchema } from './contract/problem.ts';
import { queryRequestSchema } from './contract/query.ts';
import type { Content, ResponseContract, RouteContract } from './contract/route.ts';
import { ROUTES } from './contract/routes.ts';
import {
  askResponseSchema,
  citationSchema,
  searchResponseSchema,
  searchResultSchema,
} from './contract/search.ts';
import { PROBLEM_MEDIA_TYPE, STATUS } from './plugins/problem-details.ts';

type Json = Readonly<Record<string, unknown>>;

/** Schemas with names of their own: requests as they may be sent, responses as they are answered. */
const REQUESTS: Readonly<Record<string, z.ZodType>> = {
  QueryRequest: queryRequestSchema,
  CreateCollection: createCollectionSchema,
  UpdateCollection: updateCollectionSchema,
  CreateDocument: createDocumentSchema,
  IngestRequest: ingestRequestSchema,
};
const RESPONSES: Readonly<Record<string, z.ZodType>> = {
  Answer: askResponseSchema,
  SearchResponse: searchResponseSchema,
  SearchResult: searchResultSchema,
  Citation: citationSchema,
  Collection: collectionSchema,
  Document: documentSchema,
  SubmittedDocument: submittedSchema,
  SubmittedDocuments: submittedListSchema,
  Chunk: chunkSchema,
  IngestSummary: ingestSummarySchema,
  Health: healthSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
};

/** Codes that any route may answer with. */
const EVERYWHERE = [
  'invalid_request',
  'forbidden',
  'host_not_allowed',
  'url_too_long',
  'internal_error',
  'overloaded',
  'shutting_down',
] as const satisfies readonly ErrorCode[];

/** The OpenAPI 3.1 document, built from the table of routes. */
export function buildOpenApi(version: string, routes: readonly RouteContract[] = ROUTES): Json {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Holdfast',
      version,
      description: 'Answers from your documents, with exact citations.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: ['answers', 'collections', 'documents', 'operations'].map((name) => ({ name })),
    paths,
    components: { schemas: schemas.components },
  };
}

/** JSON Schemas of zod schemas: named ones by reference, others in place. */
class Schemas {
  readonly components: Readonly<Record<string, Json>>;
  readonly #names = new Map<z.ZodType, string>();

  constructor() {
    for (const [name, schema] of [...Object.entries(REQUESTS), ...Object.entries(RESPONSES)]) {
      this.#names.set(schema, name);
    }
    this.components = { ...convertAll(REQUESTS, 'input'), ...convertAll(RESPONSES, 'output') };
  }

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const name = this.#names.get(schema);
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    const registry = named(io === 'input' ? REQUESTS : RESPONSES);
    // Converted with the named ones, so that it refers to them.
    registry.add(schema, { id: 'in_place' });
    const converted = z.toJSONSchema(registry, { io, uri: reference }).schemas['in_place'];
    return withoutIdentity(converted ?? {});
  }
}

function named(schemas: Readonly<Record<string, z.ZodType>>) {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  return registry;
}

function convertAll(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): Record<string, Json> {
  const converted = z.toJSONSchema(named(schemas), { io, uri: reference }).schemas;
  return Object.fromEntries(
    Object.entries(converted).map(([name, schema]) => [name, withoutIdentity(schema)]),
  );
}

function reference(name: string): string {
  return `#/components/schemas/${name}`;
}

function withoutIdentity(schema: object): Json {
  const hidden = new Set(['$schema', '$id']);
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !hidden.has(key)));
}

function operation(route: RouteContract, schemas: Schemas): Json {
  const parameters = [
    ...pathParameters(route),
    ...queryParameters(route, schemas),
    ...headerParameters(route),
  ];
  const contents = Object.entries(route.body ?? {}).map(([mediaType, schema]) => [
    mediaType,
    { schema: schema === 'bytes' ? contentSchema(schema, schemas) : schemas.of(schema, 'input') },
  ]);
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(contents.length === 0
      ? {}
      : { requestBody: { required: true, content: Object.fromEntries(contents) } }),
    responses: { ...okResponses(route, schemas), ...problemResponses(route) },
  };
}

function pathParameters({ path }: RouteContract): Json[] {
  return [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: RouteContract, schemas: Schemas): Json[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemas.of(schema as z.ZodType, 'input'),
  }));
}

function headerParameters({ headers }: RouteContract): Json[] {
  return Object.entries(headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
}

function okResponses(route: RouteContract, schemas: Schemas): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, response]) => [status, okResponse(response, schemas)]),
  );
}

function okResponse({ description, content, headers }: ResponseContract, schemas: Schemas): Json {
  const contents = Object.entries(content).map(([mediaType, body]) => [
    mediaType,
    { schema: contentSchema(body, schemas) },
  ]);
  const shownHeaders = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(shownHeaders.length === 0 ? {} : { headers: Object.fromEntries(shownHeaders) }),
    ...(contents.length === 0 ? {} : { content: Object.fromEntries(contents) }),
  };
}

function contentSchema(content: Content, schemas: Schemas): Json {
  if (content === 'bytes') return { type: 'string', format: 'binary' };
  if (content === 'object') return { type: 'object' };
  if (typeof content === 'string') return { type: 'string' };
  const [only, ...others] = content.map((schema) => schemas.of(schema, 'output'));
  return others.length === 0 ? (only ?? {}) : { oneOf: [only, ...others] };
}

/** One response per status, with the codes that it may carry. */
function problemResponses(route: RouteContract): Record<string, Json> {
  const codes = new Map<number, ErrorCode[]>();
  for (const code of new Set<ErrorCode>([...EVERYWHERE, ...route.errors])) {
    const status = STATUS[code];
    if (route.responses[status] === undefined) codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...codes].map(([status, list]) => [
      String(status),
      {
        description: list.map((code) => `\`${code}\``).join(', '),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: reference('Problem') } } },
      },
    ]),
  );
}
