import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { chunkPageSchema } from '../../src/http/contract/chunk.ts';
import { collectionPageSchema, collectionSchema } from '../../src/http/contract/collection.ts';
import {
  documentPageSchema,
  documentSchema,
  submittedListSchema,
  submittedSchema,
} from '../../src/http/contract/document.ts';
import { duplicatePageSchema } from '../../src/http/contract/duplicates.ts';
import { problemOf } from './expectations.ts';
import {
  JOB,
  documentRecord,
  fakeDependencies,
  json,
  type RawResponse,
  recordingDocuments,
  send,
  startServer,
  TEXT,
} from './harness.ts';
import { bytesOf, memoryUploads } from './memory-uploads.ts';

const COLLECTIONS = '/api/v1/rag/collections';
const DOCUMENTS = `${COLLECTIONS}/docs/documents`;
const UNKNOWN_ID = '0'.repeat(32);

function post(server: { readonly port: number }, path: string, body: unknown): Promise<RawResponse> {
  return send(server, { method: 'POST', path, ...json(body) });
}

/** Adds a document and gives its path. */
async function added(server: { readonly port: number }, body: object = {}): Promise<string> {
  const response = await post(server, `${DOCUMENTS}?wait=true`, { text: TEXT, ...body });
  assert.equal(response.status, 201, response.body);
  return response.headers.location ?? assert.fail('no Location');
}

interface Upload {
  readonly files?: readonly (readonly [name: string, content: string])[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly fileField?: string;
}

/** A multipart upload by the platform's own client. */
async function upload(
  url: string,
  { files = [], fields = {}, fileField = 'file' }: Upload,
): Promise<RawResponse> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, content] of files) form.append(fileField, new Blob([content]), name);
  const response = await fetch(url, { method: 'POST', body: form });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

describe('collections', () => {
  it('are created, listed, changed and deleted', async () => {
    await using server = await startServer();
    const created = await post(server, COLLECTIONS, { name: 'wiki', description: 'Ours', language: 'en' });
    assert.equal(created.status, 201);
    assert.equal(created.headers.location, `${COLLECTIONS}/wiki`);
    assert.equal(collectionSchema.parse(JSON.parse(created.body)).description, 'Ours');

    const listed = collectionPageSchema.parse(JSON.parse((await send(server, { path: COLLECTIONS })).body));
    assert.deepEqual(
      listed.items.map(({ name }) => name),
      ['docs', 'wiki'],
    );

    const path = `${COLLECTIONS}/wiki`;
    const changed = await send(server, { method: 'PATCH', path, ...json({ description: 'New' }) });
    assert.equal(collectionSchema.parse(JSON.parse(changed.body)).description, 'New');
    assert.equal(collectionSchema.parse(JSON.parse((await send(server, { path })).body)).language, 'en');

    const deleted = await send(server, { method: 'DELETE', path });
    assert.equal(deleted.status, 204);
    assert.equal(deleted.body, '');
    problemOf(await send(server, { path }), 404, 'collection_not_found');
  });

  it('keep their names: the second creation is a conflict', async () => {
    await using server = await startServer();
    problemOf(await post(server, COLLECTIONS, { name: 'docs' }), 409, 'collection_exists');
  });

  it('have names of a known shape and settings that are known', async () => {
    await using server = await startServer();
    const bad = [
      {},
      { name: '' },
      { name: 'Docs' },
      { name: 'a/b' },
      { name: '.hidden' },
      { name: 'x'.repeat(65) },
      { name: 'ok', language: 'english' },
      { name: 'ok', tenant: 'other' },
    ];
    for (const body of bad) problemOf(await post(server, COLLECTIONS, body), 400, 'invalid_request');
  });

  it('refuse a change of nothing', async () => {
    await using server = await startServer();
    const path = `${COLLECTIONS}/docs`;
    problemOf(await send(server, { method: 'PATCH', path, ...json({}) }), 400, 'invalid_request');
  });

  it('refuse bad paging', async () => {
    await using server = await startServer();
    for (const parameters of ['limit=0', 'limit=1001', 'limit=x', 'page=2']) {
      problemOf(await send(server, { path: `${COLLECTIONS}?${parameters}` }), 400, 'invalid_request');
    }
    problemOf(await send(server, { path: `${COLLECTIONS}?cursor=` }), 400, 'invalid_cursor');
  });

  it('are 404 when they are not there, for every method', async () => {
    await using server = await startServer();
    for (const name of ['nowhere', 'No%20Such']) {
      const path = `${COLLECTIONS}/${name}`;
      const patch = json({ description: 'x' });
      for (const response of [
        await send(server, { path }),
        await send(server, { method: 'PATCH', path, ...patch }),
        await send(server, { method: 'DELETE', path }),
        await send(server, { path: `${path}/documents` }),
        await post(server, `${path}/documents`, { text: 'x' }),
      ]) {
        problemOf(response, 404, 'collection_not_found');
      }
    }
  });
});

describe('a document as JSON', () => {
  it('is accepted with 202 and the place of its job', async () => {
    await using server = await startServer();
    const response = await post(server, DOCUMENTS, { text: TEXT, title: 'Guide' });
    assert.equal(response.status, 202);
    const submitted = submittedSchema.parse(JSON.parse(response.body));
    assert.deepEqual(Object.keys(submitted), ['id', 'version', 'state', 'job']);
    assert.equal(response.headers.location, `/api/v1/rag/jobs/${submitted.job}`);
  });

  it('is 201 once it is ready when the client waits', async () => {
    await using server = await startServer();
    const response = await post(server, `${DOCUMENTS}?wait=true`, { text: TEXT });
    assert.equal(response.status, 201);
    const submitted = submittedSchema.parse(JSON.parse(response.body));
    assert.equal(submitted.state, 'ready');
    assert.equal(response.headers.location, `${DOCUMENTS}/${submitted.id}`);
    problemOf(await post(server, `${DOCUMENTS}?wait=1`, { text: TEXT }), 400, 'invalid_request');
  });

  it('reaches the library whole', async () => {
    const { submissions, documents } = recordingDocuments();
    await using server = await startServer({ documents });
    const metadata = { team: 'ops', tags: ['a', 'b'], year: 2024, draft: false };
    await post(server, DOCUMENTS, {
      text: 'Grüße 👋',
      id: 'k1',
      title: 'T',
      uri: 'x/guide.md?v=1#a',
      metadata,
    });
    await post(server, DOCUMENTS, { text: 'plain', format: 'markdown' });
    const first = submissions[0] ?? assert.fail('nothing was submitted');
    const { bytes: _sent, ...rest } = first;
    assert.equal(Buffer.from(bytesOf(first)).toString('utf8'), 'Grüße 👋');
    assert.deepEqual(rest, {
      key: 'k1',
      name: 'guide.md',
      title: 'T',
      uri: 'x/guide.md?v=1#a',
      format: null,
      mediaType: 'text/plain',
      metadata,
      givenLanguage: null,
    });
    assert.equal(submissions[1]?.format, 'markdown');
  });

  it('without id and uri has no name, so that its content tells it from others with its title', async () => {
    const { submissions, documents } = recordingDocuments();
    await using server = await startServer({ documents });
    await post(server, DOCUMENTS, { text: 'one', title: 'Notes' });
    assert.deepEqual(
      submissions.map(({ key, name, uri, title }) => ({ key, name, uri, title })),
      [{ key: null, name: '', uri: null, title: 'Notes' }],
    );
  });

  it('that cannot be used is 422 with its reason, and stays listed as failed', async () => {
    await using server = await startServer();
    const response = await post(server, `${DOCUMENTS}?wait=true`, { text: '', id: 'empty' });
    const problem = problemOf(response, 422, 'document_empty');
    assert.match(problem.detail, /empty holds no text/);
    const [item] = submittedListSchema.parse({ job: JOB.id, items: JSON.parse(response.body).items }).items;
    assert.equal(item?.state, 'failed');
    const kept = await send(server, { path: `${DOCUMENTS}/${item?.id}` });
    assert.equal(documentSchema.parse(JSON.parse(kept.body)).problem?.code, 'document_empty');
    const failed = await send(server, { path: `${DOCUMENTS}?state=failed` });
    assert.equal(documentPageSchema.parse(JSON.parse(failed.body)).items.length, 1);
  });

  it('that holds several records answers with all of them', async () => {
    await using server = await startServer({
      documents: {
        ...fakeDependencies().documents,
        async accept(scope, [submission]) {
          assert.ok(submission !== undefined);
          const records = ['one', 'two'].map((key) => documentRecord(scope, { ...submission, key }));
          return { job: JOB.id, items: records.map(({ item }) => item), records };
        },
      },
    });
    const response = await post(server, DOCUMENTS, { text: '{}\n{}', format: 'jsonl' });
    assert.equal(response.status, 202);
    assert.equal(submittedListSchema.parse(JSON.parse(response.body)).items.length, 2);
  });

  it('is refused with every bad field named', async () => {
    await using server = await startServer();
    const body = { text: 5, format: 'no-such', metadata: { nested: { a: 1 } }, author: 'me' };
    const problem = problemOf(await post(server, DOCUMENTS, body), 400, 'invalid_request');
    assert.deepEqual(problem.problems?.map(({ name }) => name).sort(), [
      'author',
      'format',
      'metadata.nested',
      'text',
    ]);
  });

  it('names its language by an ISO 639-1 code', async () => {
    await using server = await startServer();
    const stored = await send(server, { path: await added(server, { id: 'a', language: 'ja' }) });
    assert.equal(documentSchema.parse(JSON.parse(stored.body)).language, 'ja');
    for (const language of ['auto', 'Japanese', 'JA', ''])
      problemOf(await post(server, DOCUMENTS, { text: TEXT, language }), 400, 'invalid_request');
  });

  it('may be larger than other bodies, up to the limit', async () => {
    await using server = await startServer();
    assert.equal((await post(server, DOCUMENTS, { text: 'x'.repeat(500_000) })).status, 202);
    const response = await post(server, DOCUMENTS, { text: 'x'.repeat(1_100_000) });
    assert.match(problemOf(response, 413, 'body_too_large').detail, /1048576 bytes/);
  });
});

describe('an upload', () => {
  it('takes several files, one set of metadata and one language', async () => {
    await using server = await startServer();
    const response = await upload(server.url + DOCUMENTS, {
      files: [
        ['a.md', '# A'],
        ['folder/b.txt', 'B'],
      ],
      fields: { metadata: '{"team":"ops"}', language: 'de' },
    });
    assert.equal(response.status, 202, response.body);
    const { items } = submittedListSchema.parse(JSON.parse(response.body));
    assert.deepEqual(
      items.map(({ item, state }) => [item, state]),
      [
        ['a.md', 'ready'],
        ['b.txt', 'ready'],
      ],
    );
    const stored = await send(server, { path: `${DOCUMENTS}/${items[1]?.id}` });
    const { metadata, language } = documentSchema.parse(JSON.parse(stored.body));
    assert.deepEqual([metadata, language], [{ team: 'ops' }, 'de']);
  });

  it('reads fields that come after the file', async () => {
    await using server = await startServer();
    const form = new FormData();
    form.append('file', new Blob(['text']), 'a.md');
    form.append('title', 'Named');
    const response = await fetch(`${server.url}${DOCUMENTS}?wait=true`, { method: 'POST', body: form });
    assert.equal(response.status, 201);
    const { items } = submittedListSchema.parse(await response.json());
    assert.equal(items[0]?.title, 'Named');
  });

  it('shows which files failed, and is 422 only when none can be used', async () => {
    await using server = await startServer();
    const mixed = await upload(`${server.url}${DOCUMENTS}?wait=true`, {
      files: [
        ['a.md', 'text'],
        ['b.md', ''],
      ],
    });
    assert.equal(mixed.status, 201);
    const { items } = submittedListSchema.parse(JSON.parse(mixed.body));
    assert.deepEqual(
      items.map(({ state, problem }) => [state, problem?.code]),
      [
        ['ready', undefined],
        ['failed', 'document_empty'],
      ],
    );
    problemOf(
      await upload(`${server.url}${DOCUMENTS}?wait=true`, { files: [['b.md', '']] }),
      422,
      'document_empty',
    );
  });

  it('is 422 for a format that nobody can read', async () => {
    await using server = await startServer();
    const response = await upload(server.url + DOCUMENTS, { files: [['setup.exe', 'MZ']] });
    problemOf(response, 422, 'document_unsupported');
  });

  it('is refused without files, with foreign fields or with broken metadata', async () => {
    await using server = await startServer();
    const file = [['a.md', 'text']] as const;
    const two = [...file, ['b.md', 'text']] as const;
    const cases: readonly (readonly [Upload, string])[] = [
      [{}, 'file'],
      [{ fields: { title: 'x' } }, 'file'],
      [{ files: file, fileField: 'document' }, 'document'],
      [{ files: file, fields: { author: 'me' } }, 'author'],
      [{ files: file, fields: { metadata: 'team=ops' } }, 'metadata'],
      [{ files: file, fields: { metadata: '[1]' } }, 'metadata'],
      [{ files: two, fields: { title: 'Both' } }, 'title'],
    ];
    for (const [sent, name] of cases) {
      const response = await upload(server.url + DOCUMENTS, sent);
      assert.equal(problemOf(response, 400, 'invalid_request').problems?.[0]?.name, name);
    }
  });

  it('is refused above the limit of a file or of all together, names the setting, and leaves nothing', async () => {
    const uploads = memoryUploads({ maxDocumentBytes: 1_000_000, maxUploadBytes: 1_500_000 });
    await using server = await startServer({ uploads });
    const file = 'x'.repeat(1_000_000);
    const one = await upload(server.url + DOCUMENTS, {
      files: [
        ['a.md', 'small'],
        ['b.md', `${file}y`],
      ],
    });
    assert.match(
      problemOf(one, 413, 'upload_too_large').detail,
      /b\.md has more than 1000000 bytes \(HOLDFAST_MAX_DOCUMENT_BYTES\)/,
    );
    const all = await upload(server.url + DOCUMENTS, {
      files: [
        ['a.md', file],
        ['b.md', file],
      ],
    });
    assert.match(
      problemOf(all, 413, 'upload_too_large').detail,
      /1500000 bytes \(HOLDFAST_MAX_UPLOAD_BYTES\)/,
    );
    assert.equal(uploads.kept.size, 0);
    assert.equal((await upload(server.url + DOCUMENTS, { files: [['a.md', file]] })).status, 202);
  });

  it('is refused by the length that it names before it is read', async () => {
    await using server = await startServer({ uploads: memoryUploads({ maxUploadBytes: 1_000 }) });
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': String(64 * 2 ** 20),
    };
    const request = httpRequest({ port: server.port, method: 'POST', path: DOCUMENTS, headers });
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    request.destroy();
  });

  it('is refused above the limit when it does not say its length', async () => {
    await using server = await startServer({ uploads: memoryUploads({ maxUploadBytes: 1_000 }) });
    const part = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.md"\r\n\r\n';
    const response = await send(server, {
      method: 'POST',
      path: DOCUMENTS,
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' },
      body: `${part}${'y'.repeat(2_000)}\r\n--x--\r\n`,
    });
    problemOf(response, 413, 'upload_too_large');
  });

  it('leaves nothing when another part of it is wrong', async () => {
    const uploads = memoryUploads();
    await using server = await startServer({ uploads });
    const response = await upload(server.url + DOCUMENTS, {
      files: [['a.md', 'text']],
      fields: { author: 'me' },
    });
    problemOf(response, 400, 'invalid_request');
    assert.equal(uploads.kept.size, 0);
  });

  it('is refused when it breaks off', async () => {
    await using server = await startServer();
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    for (const body of [
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
      'nothing',
      '',
    ]) {
      const response = await send(server, { method: 'POST', path: DOCUMENTS, headers, body });
      problemOf(response, 400, 'invalid_request');
    }
  });

  it('is refused without a boundary', async () => {
    await using server = await startServer();
    const headers = { 'content-type': 'multipart/form-data' };
    const response = await send(server, { method: 'POST', path: DOCUMENTS, headers, body: 'x' });
    problemOf(response, 400, 'invalid_request');
  });
});

describe('a stored document', () => {
  it('is shown, listed by state and deleted', async () => {
    await using server = await startServer();
    const path = await added(server, { title: 'Guide', metadata: { a: [1, 2] } });
    const shown = documentSchema.parse(JSON.parse((await send(server, { path })).body));
    assert.equal(shown.title, 'Guide');
    assert.deepEqual(shown.metadata, { a: [1, 2] });
    const ready = await send(server, { path: `${DOCUMENTS}?state=ready&limit=1` });
    assert.equal(documentPageSchema.parse(JSON.parse(ready.body)).items[0]?.id, shown.id);
    assert.equal((await send(server, { method: 'DELETE', path })).status, 204);
    problemOf(await send(server, { path }), 404, 'document_not_found');
  });

  it('is deleted also by clients that name a content type for nothing', async () => {
    await using server = await startServer();
    const path = await added(server);
    const headers = { 'content-type': 'application/json' };
    assert.equal((await send(server, { method: 'DELETE', path, headers })).status, 204);
  });

  it('gives its passages and the text that they point into', async () => {
    await using server = await startServer();
    const path = await added(server);
    const chunks = chunkPageSchema.parse(JSON.parse((await send(server, { path: `${path}/chunks` })).body));
    const text = await send(server, { path: `${path}/text` });
    assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
    for (const chunk of chunks.items) assert.equal(text.body.slice(chunk.start, chunk.end), chunk.text);
  });

  it('gives its original as a download that no browser runs', async () => {
    await using server = await startServer();
    const html = '<script>alert(1)</script>';
    const path = await added(server, { text: html, format: 'html', uri: 'a/b/<x>"ü.html' });
    const response = await send(server, { path: `${path}/original` });
    assert.equal(response.body, html);
    assert.equal(response.headers['content-type'], 'text/plain');
    assert.equal(response.headers['x-content-type-options'], 'nosniff');
    assert.match(String(response.headers['content-security-policy']), /sandbox/);
    assert.equal(
      response.headers['content-disposition'],
      `attachment; filename="_x___.html"; filename*=UTF-8''%3Cx%3E%22%C3%BC.html`,
    );
  });

  it('is 404 when it is not there, for every part of it', async () => {
    await using server = await startServer();
    for (const id of [UNKNOWN_ID, 'guide.md', '..%2F..%2Fetc']) {
      const path = `${DOCUMENTS}/${id}`;
      for (const part of ['', '/chunks', '/text', '/original']) {
        problemOf(await send(server, { path: path + part }), 404, 'document_not_found');
      }
      problemOf(await send(server, { method: 'DELETE', path }), 404, 'document_not_found');
    }
  });

  it('is listed with good paging only', async () => {
    await using server = await startServer();
    problemOf(await send(server, { path: `${DOCUMENTS}?state=lost` }), 400, 'invalid_request');
    problemOf(await send(server, { path: `${DOCUMENTS}?cursor=broken` }), 400, 'invalid_cursor');
  });
});

describe('near duplicates', () => {
  it('are listed in groups with their similarity', async () => {
    await using server = await startServer();
    await added(server, { id: 'one' });
    await added(server, { id: 'two' });
    const response = await send(server, { path: `${COLLECTIONS}/docs/duplicates?limit=5` });
    assert.equal(response.status, 200, response.body);
    const page = duplicatePageSchema.parse(JSON.parse(response.body));
    assert.deepEqual([page.compared, page.complete, page.next_cursor], [2, true, null]);
    assert.deepEqual(
      page.items.map(({ size, documents }) => [size, documents.map(({ similarity }) => similarity)]),
      [[2, [1, 0.94]]],
    );
  });

  it('are refused for a wrong cursor, a wrong limit and an unknown collection', async () => {
    await using server = await startServer();
    const get = async (path: string) => send(server, { path: `${COLLECTIONS}/${path}` });
    problemOf(await get('docs/duplicates?cursor=broken'), 400, 'invalid_cursor');
    problemOf(await get('docs/duplicates?limit=0'), 400, 'invalid_request');
    problemOf(await get('nope/duplicates'), 404, 'collection_not_found');
  });
});
