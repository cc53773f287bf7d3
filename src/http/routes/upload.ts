import multipart, { type MultipartFile, type MultipartValue } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import type { Submission } from '../../core/documents/library.ts';
import type { StagedContent, UploadBatch } from '../../core/documents/uploads.ts';
import { uploadFieldsSchema } from '../contract/document.ts';
import { invalid, parse, shown } from '../contract/parse.ts';

const MAX_FILES = 100;
const MAX_FIELDS = 16;
const MAX_FIELD_BYTES = 256 * 1024;

/** Teaches the routes of this context multipart bodies. */
export async function registerMultipart(app: FastifyInstance): Promise<void> {
  await app.register(multipart, {
    limits: {
      // A batch knows how much it may receive.
      fileSize: Infinity,
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
 * The files of an upload, received and ready to submit. `title` and `uri` name one file, `language` and `metadata`
 * (JSON) go to all.
 * @throws HoldfastError `invalid_request`, and as `UploadBatch.receive`.
 */
export async function readUpload(
  request: FastifyRequest,
  batch: UploadBatch,
): Promise<readonly Submission[]> {
  const { files, values } = await readParts(request, batch);
  const fields = parse(uploadFieldsSchema, Object.fromEntries(values));
  requireFiles(files, fields);
  return files.map(({ name, mediaType, content }) => ({
    key: null,
    name,
    title: fields.title ?? null,
    uri: fields.uri ?? null,
    format: null,
    mediaType,
    metadata: fields.metadata ?? {},
    givenLanguage: fields.language ?? null,
    bytes: content,
  }));
}

interface UploadParts {
  readonly files: readonly UploadedFile[];
  readonly values: ReadonlyMap<string, unknown>;
}

async function readParts(request: FastifyRequest, batch: UploadBatch): Promise<UploadParts> {
  const files: UploadedFile[] = [];
  const values = new Map<string, unknown>();
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') files.push(await readFile(part, batch));
      else addValue(values, part);
    }
  } catch (error) {
    // The rest is read and forgotten, or the client would not come to read the answer.
    request.raw.resume();
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
  readonly content: StagedContent;
}

async function readFile(part: MultipartFile, batch: UploadBatch): Promise<UploadedFile> {
  if (part.fieldname !== 'file') {
    throw invalid([{ name: part.fieldname, detail: 'Files belong into the field `file`' }]);
  }
  const name = part.filename.split(/[\\/]/).at(-1) ?? '';
  const content = await batch.receive(name, part.file);
  const mediaType = part.mimetype === 'application/octet-stream' ? null : part.mimetype;
  return { name, mediaType, content };
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

function requireFiles(files: readonly UploadedFile[], fields: { title?: unknown; uri?: unknown }): void {
  if (files.length === 0) throw invalid([{ name: 'file', detail: 'Expected at least one file, got none' }]);
  if (files.length === 1) return;
  const problems = (['title', 'uri'] as const)
    .filter((name) => fields[name] !== undefined)
    .map((name) => ({ name, detail: `Can name one file only, got ${files.length} files` }));
  if (problems.length > 0) throw invalid(problems);
}
