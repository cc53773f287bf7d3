import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentSchema, submittedSchema } from '../../src/http/contract/document.ts';
import { uploadStateSchema } from '../../src/http/contract/upload.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import { problemOf } from './expectations.ts';
import { json, type RawResponse, recordingDocuments, send, startServer } from './harness.ts';
import { bytesOf, memoryUploads } from './memory-uploads.ts';

const DOCUMENTS = '/api/v1/rag/collections/docs/documents';
const TEXT = Buffer.from('Herons fish at dusk. '.repeat(500));
const HASH = sha256Hex(TEXT);

function uploadPath(hash: string = HASH): string {
  return `/api/v1/rag/uploads/${hash}`;
}

interface Part {
  readonly hash?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

async function append(
  server: { readonly port: number },
  body: Uint8Array,
  { hash, offset = 0, length = TEXT.length, headers = {} }: Part = {},
): Promise<RawResponse> {
  return send(server, {
    method: 'PATCH',
    path: uploadPath(hash),
    headers: {
      'content-type': 'application/octet-stream',
      'upload-offset': String(offset),
      'upload-length': String(length),
      ...headers,
    },
    body,
  });
}

function stateOf(response: RawResponse) {
  assert.equal(response.status, 200, response.body);
  const state = uploadStateSchema.parse(JSON.parse(response.body));
  assert.equal(response.headers['upload-offset'], String(state.offset));
  return { offset: state.offset, complete: state.complete };
}

describe('an upload in parts', () => {
  it('tells where it goes on, and becomes a document by its hash', async () => {
    const { submissions, documents } = recordingDocuments();
    await using server = await startServer({ documents });
    problemOf(await send(server, { path: uploadPath() }), 404, 'upload_not_found');
    assert.deepEqual(stateOf(await append(server, TEXT.subarray(0, 1000))), {
      offset: 1000,
      complete: false,
    });
    assert.deepEqual(stateOf(await send(server, { path: uploadPath() })), { offset: 1000, complete: false });
    const early = await send(server, { method: 'POST', path: DOCUMENTS, ...json({ sha256: HASH }) });
    assert.match(problemOf(early, 409, 'upload_incomplete').detail, /^1000 bytes/);

    const rest = await append(server, TEXT.subarray(1000), { offset: 1000 });
    assert.deepEqual(stateOf(rest), { offset: TEXT.length, complete: true });
    const head = await send(server, { method: 'HEAD', path: uploadPath() });
    assert.deepEqual([head.status, head.headers['upload-offset']], [200, String(TEXT.length)]);

    const sent = json({ sha256: HASH, name: 'herons.md', title: 'Herons', metadata: { team: 'ops' } });
    const response = await send(server, { method: 'POST', path: DOCUMENTS, ...sent });
    assert.equal(response.status, 202, response.body);
    submittedSchema.parse(JSON.parse(response.body));
    const [submission] = submissions;
    assert.ok(submission !== undefined);
    const { bytes: _bytes, ...described } = submission;
    assert.deepEqual(Buffer.from(bytesOf(submission)), TEXT);
    assert.deepEqual(described, {
      key: null,
      name: 'herons.md',
      title: 'Herons',
      uri: null,
      format: null,
      mediaType: null,
      metadata: { team: 'ops' },
      givenLanguage: null,
    });
  });

  it('is refused where it does not go on, and told where it does', async () => {
    await using server = await startServer();
    const none = await append(server, TEXT.subarray(5), { offset: 5 });
    problemOf(none, 409, 'upload_offset_mismatch');
    assert.equal(none.headers['upload-offset'], '0');
    await append(server, TEXT.subarray(0, 100));
    const again = await append(server, TEXT.subarray(0, 100));
    problemOf(again, 409, 'upload_offset_mismatch');
    assert.equal(again.headers['upload-offset'], '100');
  });

  it('is refused and dropped when its hash is another', async () => {
    await using server = await startServer();
    const hash = sha256Hex('something else');
    problemOf(await append(server, TEXT, { hash }), 422, 'upload_hash_mismatch');
    problemOf(await send(server, { path: uploadPath(hash) }), 404, 'upload_not_found');
  });

  it('is refused by its length before anything is read', async () => {
    await using server = await startServer({
      uploads: memoryUploads({ maxDocumentBytes: 5000, maxUploadBytes: 9000 }),
    });
    const large = await append(server, TEXT.subarray(0, 10), { length: 5001 });
    assert.match(
      problemOf(large, 413, 'upload_too_large').detail,
      /5000 bytes \(HOLDFAST_MAX_DOCUMENT_BYTES\)/,
    );
    problemOf(await send(server, { path: uploadPath() }), 404, 'upload_not_found');
  });

  it('is removed on request, and a second time without error', async () => {
    await using server = await startServer();
    await append(server, TEXT);
    for (let time = 0; time < 2; time++)
      assert.equal((await send(server, { method: 'DELETE', path: uploadPath() })).status, 204);
    problemOf(await send(server, { path: uploadPath() }), 404, 'upload_not_found');
  });

  it('is refused with a bad hash, offset, length or type', async () => {
    await using server = await startServer();
    for (const hash of ['abc', HASH.toUpperCase(), `${HASH}0`]) {
      const problem = problemOf(await send(server, { path: uploadPath(hash) }), 400, 'invalid_request');
      assert.equal(problem.problems?.[0]?.name, 'hash');
    }
    for (const name of ['upload-offset', 'upload-length'])
      for (const value of ['', '-1', '1.5', 'x']) {
        const response = await append(server, TEXT, { headers: { [name]: value } });
        assert.equal(problemOf(response, 400, 'invalid_request').problems?.[0]?.name, name);
      }
    const typed = await append(server, TEXT, { headers: { 'content-type': 'application/json' } });
    problemOf(typed, 415, 'unsupported_media_type');
  });

  it('is not what a document refers to together with a text, or instead of nothing', async () => {
    await using server = await startServer();
    for (const [body, name] of [
      [{ text: 'x', sha256: HASH }, 'text'],
      [{ title: 'x' }, 'text'],
      [{ text: 'x', name: 'a.md' }, 'name'],
      [{ sha256: 'abc' }, 'sha256'],
    ] as const) {
      const response = await send(server, { method: 'POST', path: DOCUMENTS, ...json(body) });
      assert.equal(problemOf(response, 400, 'invalid_request').problems?.[0]?.name, name);
    }
    const unknown = await send(server, { method: 'POST', path: DOCUMENTS, ...json({ sha256: HASH }) });
    problemOf(unknown, 404, 'upload_not_found');
  });

  it('gives a document its bytes', async () => {
    await using server = await startServer();
    await append(server, TEXT);
    const sent = json({ sha256: HASH, name: 'herons.md' });
    const response = await send(server, { method: 'POST', path: `${DOCUMENTS}?wait=true`, ...sent });
    assert.equal(response.status, 201, response.body);
    const stored = await send(server, { path: response.headers.location ?? '' });
    assert.equal(documentSchema.parse(JSON.parse(stored.body)).size_bytes, TEXT.length);
  });
});
