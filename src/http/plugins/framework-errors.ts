import type { FastifyRequest } from 'fastify';
import { type HoldfastError, HoldfastError as Failure, toHoldfastError } from '../../core/errors.ts';
import { shown } from '../contract/parse.ts';

type Translate = (request: FastifyRequest, message: string) => HoldfastError;

const TOO_LARGE: Translate = (request) =>
  new Failure('body_too_large', `The body is larger than ${request.routeOptions.bodyLimit} bytes`);
const TOO_MANY_PARTS: Translate = () =>
  new Failure('invalid_request', 'The upload has more files or fields than are allowed');
const BAD_MULTIPART: Translate = (_request, message) =>
  new Failure('invalid_request', `The multipart body cannot be read: ${message}`);
const BAD_MEDIA_TYPE: Translate = (request) =>
  new Failure('unsupported_media_type', `The content type is ${shown(request.headers['content-type'])}`);

/** Errors of fastify and its multipart parser that a client causes. */
const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: BAD_MEDIA_TYPE,
  FST_INVALID_MULTIPART_CONTENT_TYPE: BAD_MEDIA_TYPE,
  FST_ERR_CTP_BODY_TOO_LARGE: TOO_LARGE,
  FST_REQ_FILE_TOO_LARGE: TOO_LARGE,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Failure('invalid_request', 'The body is shorter or longer than its Content-Length'),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new Failure('invalid_json', 'The body cannot be parsed as JSON'),
  FST_ERR_BAD_URL: () => new Failure('invalid_request', 'The path holds a broken percent-encoding'),
  FST_ERR_MAX_PARAM_LENGTH: () => new Failure('url_too_long', 'A part of the path is too long'),
  FST_PARTS_LIMIT: TOO_MANY_PARTS,
  FST_FILES_LIMIT: TOO_MANY_PARTS,
  FST_FIELDS_LIMIT: TOO_MANY_PARTS,
  FST_PROTO_VIOLATION: BAD_MULTIPART,
  FST_INVALID_JSON_FIELD_ERROR: BAD_MULTIPART,
  FST_MP_PREMATURE_CLOSE: BAD_MULTIPART,
};

/** The HoldfastError of whatever was thrown: ours as it is, fastify's by table, anything else `internal_error`. */
export function fromFrameworkError(thrown: unknown, request: FastifyRequest): HoldfastError {
  if (thrown instanceof Failure || !(thrown instanceof Error)) return toHoldfastError(thrown);
  const translate = 'code' in thrown ? TRANSLATIONS[String(thrown.code)] : undefined;
  return translate === undefined ? toHoldfastError(thrown) : translate(request, thrown.message);
}
