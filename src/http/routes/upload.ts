import multipart, { type MultipartFile, type MultipartValue } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import type { Submission } from '../../core/documents/library.ts';
import { uploadFieldsSchema } from '../contract/document.ts';
import { invalid, parse, shown } from '../contract/parse.ts';

const MAX_FILES = 100;
const MAX_FIELDS = 16;
const MAX_FIELD_BYTES = 256 * 1024;

/** Teaches the routes of this context multipart bodies. */
export async function registerMultipart(app: FastifyInstance, maxBodyBytes: number): Promise<void> {
  await app.register(multipart, {
    throwFileSizeLimit: true,
    limits: {
      fileSize: maxBodyBytes,
      files: MAX_FILES,
      fields: MAX_FIELDS,
      parts: MAX_FILES + MAX_FIELDS,
      fieldSize: MAX_FIELD_BYTES,
      fieldNameSize: 256,
      headerPairs: 64,
    },
  });
}

/**
 * The files of an upload, ready to submit. `title` and `uri` name one file, `language` and `metadata` (JSON) go to all.
 * @throws HoldfastError `invalid_request`, `body_too_large`.
 */
export async function readUpload(
  request: FastifyRequest,
  maxBodyBytes: number,
): Promise<readonly Submission[]> {
  requireSize(Number(request.headers['content-length'] ?? 0), maxBodyBytes);
  const { files, values } = await readParts(request, maxBodyBytes);
  const fields = parse(uploadFieldsSchema, Object.fromEntries(values));
  requireFiles(files, fields);
  return files.map(({ name, mediaType, bytes }) => ({
    key: null,
    name,
    title: fields.title ?? null,
    uri: fields.uri ?? null,
    format: null,
    mediaType,
    metadata: fields.metadata ?? {},
    givenLanguage: fields.language ?? null,
    bytes,
  }));
}

interface UploadParts {
  readonly files: readonly UploadedFile[];
  readonly values: ReadonlyMap<string, unknown>;
}

async function readParts(request: FastifyRequest, maxBodyBytes: number): Promise<UploadParts> {
  const files: UploadedFile[] = [];
  const values = new Map<string, unknown>();
  let sizeBytes = 0;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        const file = await readFile(part);
        sizeBytes += file.bytes.byteLength;
        requireSize(sizeBytes, maxBodyBytes);
        files.push(file);
      } else addValue(values, part);
    }
  } catch (error) {
    throw multipartError(error);
  }
  return { files, values };
}

/** The parser's own complaints about a broken body are plain errors without a code. */
function multipartError(error: unknown): unknown {
  if (!(error instanceof Error) || 'code' in error) return error;
  return new HoldfastError('invalid_request', `The multipart body cannot be read: ${error.message}`, {
    cause: error,
  });
}

interface UploadedFile {
  readonly name: string;
  readonly mediaType: string | null;
  readonly bytes: Uint8Array;
}

async function readFile(part: MultipartFile): Promise<UploadedFile> {
  const bytes = await part.toBuffer();
  if (part.fieldname !== 'file') {
    throw invalid([{ name: part.fieldname, detail: 'Files belong into the field `file`' }]);
  }
  const name = part.filename.split(/[\\/]/).at(-1) ?? '';
  return { name, mediaType: part.mimetype === 'application/octet-stream' ? null : part.mimetype, bytes };
}

function addValue(values: Map<string, unknown>, part: MultipartValue): void {
  const { fieldname: name, value, valueTruncated } = part;
  if (valueTruncated) throw invalid([{ name, detail: `Expected at most ${MAX_FIELD_BYTES} bytes` }]);
  if (values.has(name)) throw invalid([{ name, detail: 'The field is there twice' }]);
  values.set(name, name === 'metadata' && typeof value === 'string' ? readMetadata(value) : value);
}

function readMetadata(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid([{ name: 'metadata', detail: `Expected a JSON object, got ${shown(text)}` }]);
  }
}

function requireSize(sizeBytes: number, maxBodyBytes: number): void {
  if (sizeBytes <= maxBodyBytes) return;
  throw new HoldfastError('body_too_large', `The upload is larger than ${maxBodyBytes} bytes`);
}

function requireFiles(files: readonly UploadedFile[], fields: { title?: unknown; uri?: unknown }): void {
  if (files.length === 0) throw invalid([{ name: 'file', detail: 'Expected at least one file, got none' }]);
  if (files.length === 1) return;
  const problems = (['title', 'uri'] as const)
    .filter((name) => fields[name] !== undefined)
    .map((name) => ({ name, detail: `Can name one file only, got ${files.length} files` }));
  if (problems.length > 0) throw invalid(problems);
}
