import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError, toHoldfastError } from '../../core/errors.ts';
import type { UploadName, UploadPart, UploadProgress, Uploads } from '../../core/documents/uploads.ts';
import { invalid, parse, shown } from '../contract/parse.ts';
import { sha256Schema, UPLOAD_MEDIA_TYPES, type WireUpload } from '../contract/upload.ts';
import { tenantOf } from '../tenant.ts';

const PATH = '/api/v1/rag/uploads/:hash';

interface Named {
  readonly Params: { readonly hash: string };
}

/** `/api/v1/rag/uploads/{hash}`: contents that are sent in parts, by the hash that they will have. */
export function registerUploads(app: FastifyInstance, uploads: Uploads): void {
  app.get<Named>(PATH, async (request, reply) => {
    const name = nameOf(request.params.hash);
    return answer(reply, name, await uploads.progress(name));
  });
  app.delete<Named>(PATH, async (request, reply) => {
    await uploads.remove(nameOf(request.params.hash));
    return reply.code(204).send();
  });
  // A context of its own: the route reads the body itself, as it comes.
  app.register(async (parts) => {
    parts.removeAllContentTypeParsers();
    parts.addContentTypeParser([...UPLOAD_MEDIA_TYPES], async () => undefined);
    parts.patch<Named>(PATH, async (request, reply) => {
      const name = nameOf(request.params.hash);
      try {
        return answer(reply, name, await uploads.append(name, partOf(request)));
      } catch (error) {
        // The rest is read and forgotten, or the client would not come to read the answer.
        request.raw.resume();
        if (toHoldfastError(error).code === 'upload_offset_mismatch') await tellOffset(reply, name, uploads);
        throw error;
      }
    });
  });
}

function nameOf(hash: string): UploadName {
  return { tenant: tenantOf(), hash: parse(sha256Schema, hash, 'hash') };
}

function partOf(request: FastifyRequest): UploadPart {
  return {
    offset: headerNumber(request, 'upload-offset'),
    length: headerNumber(request, 'upload-length'),
    pieces: piecesOf(request),
  };
}

function headerNumber({ headers }: FastifyRequest, name: string): number {
  const sent = headers[name];
  if (typeof sent === 'string' && /^\d{1,15}$/.test(sent)) return Number(sent);
  throw invalid([{ name, detail: `Expected a whole number of bytes, got ${shown(sent)}` }]);
}

/** Who stops reading leaves the connection as it is: the answer goes over it. */
async function* piecesOf({ raw }: FastifyRequest): AsyncGenerator<Uint8Array> {
  try {
    yield* raw.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new HoldfastError('invalid_request', 'The body broke off', { cause: error });
  }
}

function answer(
  reply: FastifyReply,
  { hash }: UploadName,
  { offset, isComplete }: UploadProgress,
): WireUpload {
  reply.header('upload-offset', offset);
  return { sha256: hash, offset, complete: isComplete };
}

async function tellOffset(reply: FastifyReply, name: UploadName, uploads: Uploads): Promise<void> {
  const { offset } = await uploads.progress(name).catch((error: unknown) => {
    if (toHoldfastError(error).code === 'upload_not_found') return { offset: 0 };
    throw error;
  });
  reply.header('upload-offset', offset);
}
