import type { FastifyInstance } from 'fastify';
import type { Documents } from '../../core/documents/library.ts';
import { pageQuerySchema } from '../contract/common.ts';
import { documentListQuerySchema } from '../contract/document.ts';
import { parse } from '../contract/parse.ts';
import { documentIdOf, scopeOf } from '../tenant.ts';
import { toWireChunk, toWireDocument, toWirePage } from '../wire/document.ts';
import { contentDisposition, safeMediaType } from './original.ts';

const ALL = '/api/v1/rag/collections/:name/documents';
const ONE = `${ALL}/:id`;

interface InCollection {
  readonly Params: { readonly name: string };
}
interface Identified {
  readonly Params: { readonly name: string; readonly id: string };
}

/** Reading and deleting documents; `submit-documents.ts` takes them in. */
export function registerDocuments(app: FastifyInstance, documents: Omit<Documents, 'submit'>): void {
  app.get<InCollection>(ALL, async ({ params, query }) => {
    const { limit, cursor, state } = parse(documentListQuerySchema, query, 'parameters');
    const page = await documents.list(scopeOf(params.name), {
      limit,
      cursor: cursor ?? null,
      ...(state === undefined ? {} : { state }),
    });
    return toWirePage(page, toWireDocument);
  });

  app.get<Identified>(ONE, async ({ params }) =>
    toWireDocument(await documents.get(scopeOf(params.name), documentIdOf(params.id))),
  );

  app.delete<Identified>(ONE, async ({ params }, reply) => {
    await documents.delete(scopeOf(params.name), documentIdOf(params.id));
    return reply.code(204).send();
  });

  app.get<Identified>(`${ONE}/chunks`, async ({ params, query }) => {
    const { limit, cursor } = parse(pageQuerySchema, query, 'parameters');
    const page = { limit, cursor: cursor ?? null };
    return toWirePage(
      await documents.chunks(scopeOf(params.name), documentIdOf(params.id), page),
      toWireChunk,
    );
  });

  app.get<Identified>(`${ONE}/text`, async ({ params }, reply) => {
    const text = await documents.text(scopeOf(params.name), documentIdOf(params.id));
    return reply.type('text/plain; charset=utf-8').send(text);
  });

  app.get<Identified>(`${ONE}/original`, async ({ params }, reply) => {
    const { bytes, record } = await documents.original(scopeOf(params.name), documentIdOf(params.id));
    return reply
      .type(safeMediaType(record.format))
      .header('content-disposition', contentDisposition(record.item))
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
}
