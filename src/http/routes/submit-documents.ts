import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import type { DocumentRecord } from '../../core/documents/document.ts';
import { tooLarge } from '../../core/documents/create-uploads.ts';
import type { Scope } from '../../core/documents/ids.ts';
import type { Documents, Submission, Submitted } from '../../core/documents/library.ts';
import type { Uploads } from '../../core/documents/uploads.ts';
import { createDocumentSchema, submitQuerySchema } from '../contract/document.ts';
import { invalid, parse } from '../contract/parse.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { sendProblem } from '../plugins/problem-details.ts';
import { scopeOf, tenantOf } from '../tenant.ts';
import { toWireSubmitted, toWireSubmittedList } from '../wire/document.ts';
import { readUpload, registerMultipart } from './upload.ts';

export interface SubmitDependencies {
  readonly documents: Pick<Documents, 'accept' | 'settled'>;
  readonly signalFor: SignalFor;
  readonly uploads: Pick<Uploads, 'begin' | 'content' | 'maxBytes'>;
  readonly maxBodyBytes: number;
}

/** `POST /api/v1/rag/collections/{name}/documents`: JSON, or files as multipart/form-data. */
export function registerSubmitDocuments(app: FastifyInstance, dependencies: SubmitDependencies): void {
  const { documents, uploads, signalFor, maxBodyBytes } = dependencies;
  // A context of its own: no other route takes multipart bodies.
  app.register(async (forms) => {
    await registerMultipart(forms);
    forms.post<{ Params: { name: string } }>(
      '/api/v1/rag/collections/:name/documents',
      { bodyLimit: maxBodyBytes },
      async (request, reply) => {
        const { wait } = parse(submitQuerySchema, request.query, 'parameters');
        const scope = scopeOf(request.params.name);
        const isUpload = request.isMultipart();
        if (isUpload) requireSize(request, uploads.maxBytes);
        await using batch = uploads.begin();
        const submissions = isUpload
          ? await readUpload(request, batch)
          : [await readDocument(request, uploads)];
        const signal = signalFor(request, reply, null);
        const accepted = await untilAborted(signal, documents.accept(scope, submissions));
        if (wait !== 'true') return accept({ reply, scope, isUpload, ...accepted });
        const records = await untilAborted(signal, documents.settled(scope, accepted, signal));
        return answer({ reply, scope, isUpload, ...accepted, records });
      },
    );
  });
}

/** What a form may have beside its files. */
const FORM_BYTES = 8 * 2 ** 20;

/** Before anything is read. Whether the files alone are too large shows while they come. */
function requireSize({ headers }: FastifyRequest, maxBytes: number): void {
  if (Number(headers['content-length'] ?? 0) <= maxBytes + FORM_BYTES) return;
  throw tooLarge('The upload', maxBytes, 'HOLDFAST_MAX_UPLOAD_BYTES');
}

async function readDocument(request: FastifyRequest, uploads: Pick<Uploads, 'content'>): Promise<Submission> {
  const body = parse(createDocumentSchema, request.body);
  const { text, sha256, name } = body;
  if (name !== undefined && sha256 === undefined)
    throw invalid([{ name: 'name', detail: 'Belongs to `sha256`, not to `text`' }]);
  return {
    key: body.id ?? null,
    // A title is no name: two texts with one title are two documents.
    name: name ?? fileName(body.uri),
    title: body.title ?? null,
    uri: body.uri ?? null,
    format: body.format ?? null,
    mediaType: sha256 === undefined ? 'text/plain' : null,
    metadata: body.metadata ?? {},
    givenLanguage: body.language ?? null,
    bytes: await contentOf({ text, sha256 }, uploads),
  };
}

interface SentContent {
  readonly text: string | undefined;
  readonly sha256: string | undefined;
}

async function contentOf(
  { text, sha256 }: SentContent,
  uploads: Pick<Uploads, 'content'>,
): Promise<Submission['bytes']> {
  if (text !== undefined && sha256 === undefined) return Buffer.from(text, 'utf8');
  if (sha256 !== undefined && text === undefined)
    return uploads.content({ tenant: tenantOf(), hash: sha256 });
  const given = text === undefined ? 'none of them' : 'both';
  throw invalid([{ name: 'text', detail: `Expected either \`text\` or \`sha256\`, got ${given}` }]);
}

/** The last segment of a URI's path, without query and fragment; empty when there is none. */
function fileName(uri: string | undefined): string {
  return (
    uri
      ?.replace(/[?#].*$/s, '')
      .split(/[\\/]/)
      .at(-1) ?? ''
  );
}

interface Answered extends Submitted {
  readonly reply: FastifyReply;
  readonly scope: Scope;
  readonly isUpload: boolean;
}

/** 202: durable. The job says how far it is. */
function accept({ reply, job, records, isUpload }: Answered): FastifyReply {
  reply.code(202).header('location', `/api/v1/rag/jobs/${job}`);
  const [first] = records;
  if (first === undefined || isUpload || records.length > 1)
    return reply.send(toWireSubmittedList(job, records));
  return reply.send(toWireSubmitted(job, first));
}

/** 201, or 422 when no document can be found afterwards. */
function answer({ reply, scope, job, records, isUpload }: Answered): FastifyReply {
  const [first] = records;
  const problem = firstProblem(records);
  if (problem !== null && records.every((record) => record.problem !== null)) {
    return sendProblem(reply, problem, toWireSubmittedList(job, records));
  }
  reply.code(201);
  if (first === undefined || isUpload || records.length > 1)
    return reply.send(toWireSubmittedList(job, records));
  reply.header('location', `/api/v1/rag/collections/${scope.collection}/documents/${first.id}`);
  return reply.send(toWireSubmitted(job, first));
}

function firstProblem(records: readonly DocumentRecord[]): HoldfastError | null {
  const failed = records.flatMap(({ item, problem }) => (problem === null ? [] : [{ item, problem }]));
  const [first] = failed;
  if (first === undefined) return null;
  return new HoldfastError(first.problem.code, first.problem.reason, {
    problems: failed.map(({ item, problem }) => ({
      name: item,
      detail: `${problem.code}: ${problem.reason}`,
    })),
  });
}
