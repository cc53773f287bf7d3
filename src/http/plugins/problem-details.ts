import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, HoldfastError } from '../../core/errors.ts';
import type { WireProblem } from '../contract/problem.ts';
import type { Logger } from '../../lib/logger.ts';
import { fromFrameworkError } from './framework-errors.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The HTTP status of every error code. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_query: 400,
  invalid_filter: 400,
  invalid_cursor: 400,
  unsupported_media_type: 415,
  body_too_large: 413,
  headers_too_large: 431,
  request_timeout: 408,
  url_too_long: 414,
  route_not_found: 404,
  method_not_allowed: 405,
  host_not_allowed: 403,
  forbidden: 403,
  deadline_exceeded: 504,
  overloaded: 503,
  shutting_down: 503,
  internal_error: 500,
  collection_not_found: 404,
  collection_exists: 409,
  generation_not_found: 404,
  generation_exists: 409,
  generation_serves: 409,
  generation_not_ready: 409,
  generation_does_not_fit: 507,
  embedder_not_configured: 409,
  document_not_found: 404,
  breaker_not_found: 404,
  breaker_disabled: 409,
  upload_too_large: 413,
  upload_not_found: 404,
  upload_incomplete: 409,
  upload_offset_mismatch: 409,
  upload_hash_mismatch: 422,
  job_not_found: 404,
  job_cancelled: 409,
  sync_deletes_too_much: 409,
  storage_full: 507,
  storage_failed: 503,
  encoder_mismatch: 500,
  data_folder_unusable: 500,
  data_folder_locked: 503,
  data_folder_too_new: 500,
  invalid_configuration: 500,
  invalid_usage: 400,
  port_in_use: 500,
  server_unreachable: 503,
  path_not_found: 404,
  evaluation_set_invalid: 422,
  document_empty: 422,
  document_unreadable: 422,
  document_vanished: 422,
  document_changing: 422,
  document_binary: 422,
  document_too_large: 422,
  document_malformed: 422,
  no_text: 422,
  document_unsupported: 422,
  document_unpack_limit: 422,
  document_encrypted: 422,
  document_timeout: 422,
  document_crashes: 422,
  extractor_unavailable: 503,
  extractor_busy: 503,
  document_link_skipped: 422,
  git_unreadable: 422,
  url_invalid: 400,
  url_forbidden: 403,
  url_unreachable: 502,
  url_timeout: 504,
  url_redirects: 502,
  url_status: 502,
  url_content_type: 422,
  url_too_large: 422,
  url_malformed: 502,
  url_out_of_scope: 422,
  site_too_large: 422,
  url_robots: 403,
};

/** Codes whose cause passes by itself, with the seconds after which to try again. */
const RETRY_AFTER_SECONDS: Partial<Readonly<Record<ErrorCode, number>>> = {
  overloaded: 1,
  shutting_down: 5,
  storage_failed: 5,
};

/** RFC 9457 problem details of an error. Never holds a stack, a cause, or the message of an unknown error. */
export function toProblem(error: HoldfastError, request: { readonly id: string; readonly url: string }) {
  return {
    type: `/docs/errors#${error.code}`,
    title: error.title,
    status: STATUS[error.code],
    detail:
      error.code === 'internal_error' ? 'An unexpected error; the log of the server has it' : error.message,
    instance: request.url.split('?', 1)[0] ?? '/',
    code: error.code,
    request_id: request.id,
    advice: error.advice,
    ...(error.problems.length === 0 ? {} : { problems: error.problems }),
  } satisfies WireProblem;
}

/** Answers with the problem details of an error, and members that the route adds. */
export function sendProblem(
  reply: FastifyReply,
  error: HoldfastError,
  members: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const retryAfter = RETRY_AFTER_SECONDS[error.code];
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply
    .code(STATUS[error.code])
    .type(PROBLEM_MEDIA_TYPE)
    .send({ ...toProblem(error, reply.request), ...members });
}

/** Turns whatever a route or fastify throws into problem details; unexpected errors are logged here, once. */
export function registerProblemDetails(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((thrown, request, reply) => handleError({ thrown, request, reply, logger }));
}

interface Failure {
  readonly thrown: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly logger: Logger;
}

/** The one error handler, also for errors that fastify finds before routing. */
export function handleError({ thrown, request, reply, logger }: Failure): FastifyReply {
  const error = fromFrameworkError(thrown, request);
  logFailure(error, { reply, logger });
  return sendProblem(reply, error);
}

/** Refused on purpose, and often: the line of the request says enough. */
function isRefusal({ code }: HoldfastError): boolean {
  return code === 'shutting_down' || code === 'overloaded';
}

/**
 * One line for an error that an operator should see: the cause and stack go here and nowhere else. Not when the
 * client has gone: then the work was stopped, nothing failed.
 */
export function logFailure(
  error: HoldfastError,
  { reply, logger }: { readonly reply: FastifyReply; readonly logger: Logger },
): void {
  if (STATUS[error.code] < 500 || isRefusal(error) || reply.raw.destroyed) return;
  const origin = error.cause instanceof Error ? error.cause : error;
  logger.error('request failed', {
    request_id: reply.request.id,
    code: error.code,
    detail: error.message,
    stack: error.code === 'internal_error' ? (origin.stack ?? null) : null,
  });
}
