import type { z } from 'zod';
import type { ErrorCode } from '../../core/errors.ts';

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
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'answers' | 'collections' | 'documents' | 'jobs' | 'operations';
  readonly query?: z.ZodObject;
  /** Names of request headers with their meaning. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, z.ZodType | 'bytes'>>;
  readonly responses: Readonly<Record<number, ResponseContract>>;
  /** Beside those that every route may answer. */
  readonly errors: readonly ErrorCode[];
}

export const API = '/api/v1/rag';
export const COLLECTION = `${API}/collections/{name}`;

export const LOCATION = { Location: 'Path of what was created.' };
export const PAGE_ERRORS = ['invalid_request', 'invalid_cursor'] as const;
export const BODY_ERRORS = [
  'invalid_request',
  'invalid_json',
  'unsupported_media_type',
  'body_too_large',
] as const;
export const WRITE_ERRORS = ['storage_full', 'storage_failed'] as const;

/** A JSON response of one of the schemas. */
export function json(description: string, ...schemas: readonly z.ZodType[]): ResponseContract {
  return { description, content: { 'application/json': schemas } };
}

/** A response without a body. */
export const NOTHING = { description: 'Done', content: {} } as const satisfies ResponseContract;
