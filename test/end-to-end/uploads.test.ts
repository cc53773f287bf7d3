import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FilePart } from '../../src/app/client.ts';
import { sendFile } from '../../src/app/send-file.ts';
import { HoldfastError, type ErrorCode } from '../../src/core/errors.ts';
import { DEFAULT_TENANT, type TenantId } from '../../src/core/documents/ids.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import { fillDisk, withSmallDisk } from '../contract/small-disk.ts';
import { collectionPath } from './api.ts';
import { runHoldfast, startServer, type Server } from './process.ts';
import { NEVER, openTestService, scopeOf, temporaryFolder } from './service.ts';

const LIMITS = { timeout: 180_000 };
const MEGABYTE = 2 ** 20;

/** Text of about so many bytes, the same for the same seed. */
function textOf(bytes: number, seed: number): Buffer {
  const lines: string[] = [];
  for (let at = 0, length = 0; length < bytes; at++) {
    const line = `Heron ${seed} number ${at} fishes at pond ${(at * 7919 + seed) % 1009}.\n`;
    lines.push(at % 20 === 0 ? `\n${line}` : line);
    length += line.length;
  }
  return Buffer.from(lines.join(''));
}

/** Files below a part of the data folder, without its empty folders. */
function filesIn(data: string, name: string): string[] {
  const entries = readdirSync(join(data, name), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

function uploadPath(hash: string): string {
  return `/api/v1/rag/uploads/${hash}`;
}

interface Begun {
  readonly request: ClientRequest;
  readonly answered: Promise<{ readonly status: number; readonly body: string }>;
}

function begin(server: Server, method: string, path: string, headers: Record<string, string>): Begun {
  const request = httpRequest(new URL(path, server.address), { method, headers, agent: false });
  const answered = once(request, 'response').then(async ([response]) => {
    let body = '';
    for await (const piece of (response as IncomingMessage).setEncoding('utf8')) body += String(piece);
    return { status: (response as IncomingMessage).statusCode ?? 0, body };
  });
  answered.catch(() => undefined);
  return { request, answered };
}

function beginPart(server: Server, hash: string, offset: number, length: number): Begun {
  return begin(server, 'PATCH', uploadPath(hash), {
    'content-type': 'application/octet-stream',
    'upload-offset': String(offset),
    'upload-length': String(length),
  });
}

async function sendPart(
  server: Server,
  hash: string,
  { offset, length, bytes }: { readonly offset: number; readonly length: number; readonly bytes: Uint8Array },
) {
  const { request, answered } = beginPart(server, hash, offset, length);
  request.end(bytes);
  return answered;
}

/** Sends the beginning of a content, and goes away once the server has it. */
async function breakOff(server: Server, bytes: Buffer, length: number): Promise<void> {
  const hash = sha256Hex(bytes);
  const { request } = beginPart(server, hash, 0, bytes.length);
  request.on('error', () => undefined);
  request.write(bytes.subarray(0, length));
  await until(
    async () => stateOf(server, hash),
    (state) => state?.offset === length,
  );
  request.destroy();
}

interface State {
  readonly offset: number;
  readonly complete: boolean;
}

async function stateOf(server: Server, hash: string): Promise<State | null> {
  const { status, body } = await server.api.send('GET', uploadPath(hash));
  return status === 404 ? null : (body as State);
}

async function until<T>(read: () => Promise<T> | T, isIt: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isIt(value)) return value;
    await delay(20);
  }
}

function partHead(name: string): string {
  return `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
}

function residentBytes(pid: number): number {
  const [, kilobytes = ''] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

test('an upload that the client breaks off leaves nothing behind', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  await using server = await startServer(data);
  await server.api.createCollection('docs');
  const { request } = begin(server, 'POST', `${collectionPath('docs')}/documents`, {
    'content-type': 'multipart/form-data; boundary=x',
  });
  request.on('error', () => undefined);
  request.write(`${partHead('first.md')}A whole file.\r\n${partHead('second.md')}`);
  request.write(textOf(MEGABYTE, 1));
  await until(
    () => filesIn(data, 'uploads'),
    (files) => files.length === 2,
  );
  request.destroy();
  await until(
    () => filesIn(data, 'uploads'),
    (files) => files.length === 0,
  );
  assert.deepEqual(filesIn(data, 'originals'), []);
  assert.equal((await server.api.documents('docs')).length, 0);
  assert.equal((await server.api.jobs()).length, 0);
});

test('uploaded files are stored once, under their hash, and found', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  await using server = await startServer(data);
  await server.api.createCollection('docs');
  const large = textOf(3 * MEGABYTE, 2);
  const form = new FormData();
  form.append('file', new Blob([large]), 'large.txt');
  form.append('file', new Blob(['# Small\n\nThe plover waits.\n']), 'small.md');
  const response = await fetch(new URL(`${collectionPath('docs')}/documents?wait=true`, server.address), {
    method: 'POST',
    body: form,
  });
  assert.equal(response.status, 201, await response.clone().text());
  assert.deepEqual(filesIn(data, 'uploads'), []);
  assert.ok(filesIn(data, 'originals').includes(sha256Hex(large)));
  const documents = await server.api.documents('docs');
  assert.deepEqual(documents.map(({ item, state }) => [item, state]).toSorted(), [
    ['large.txt', 'ready'],
    ['small.md', 'ready'],
  ]);
  assert.equal((await server.api.search('docs', 'plover waits', 'lexical')).length > 0, true);
  const original = documents.find(({ item }) => item === 'large.txt');
  const sent = await fetch(
    new URL(`${collectionPath('docs')}/documents/${original?.id}/original`, server.address),
  );
  assert.deepEqual(Buffer.from(await sent.arrayBuffer()), large);
});

test('an upload goes on where a killed server was', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const bytes = textOf(6 * MEGABYTE, 3);
  const hash = sha256Hex(bytes);
  {
    await using server = await startServer(data);
    const { request } = beginPart(server, hash, 0, bytes.length);
    request.on('error', () => undefined);
    request.write(bytes.subarray(0, 4 * MEGABYTE));
    await until(
      async () => stateOf(server, hash),
      (state) => (state?.offset ?? 0) >= MEGABYTE,
    );
    server.signal('SIGKILL');
    await server.ended;
  }
  await using server = await startServer(data);
  const kept = (await stateOf(server, hash)) ?? assert.fail('nothing was kept');
  assert.ok(kept.offset >= MEGABYTE && kept.offset <= 4 * MEGABYTE);
  assert.equal(kept.complete, false);
  const rest = { offset: kept.offset, length: bytes.length, bytes: bytes.subarray(kept.offset) };
  assert.deepEqual(await sendPart(server, hash, rest).then(({ status }) => status), 200);
  await server.api.createCollection('docs');
  const submitted = await server.api.submit('docs', { sha256: hash, name: 'herons.txt' });
  assert.equal(submitted.status, 201, JSON.stringify(submitted.body));
  assert.deepEqual(filesIn(data, 'uploads'), [], 'it has become an original');
  const [document] = await server.api.documents('docs');
  assert.deepEqual([document?.content_hash, document?.size_bytes], [hash, bytes.length]);
});

test(
  'a part that breaks off keeps what has arrived, and a known content is not sent again',
  LIMITS,
  async (t) => {
    await using server = await startServer(temporaryFolder(t));
    const { api } = server;
    const bytes = textOf(2 * MEGABYTE, 4);
    const hash = sha256Hex(bytes);
    await breakOff(server, bytes, MEGABYTE);
    const rest = { offset: MEGABYTE, length: bytes.length, bytes: bytes.subarray(MEGABYTE) };
    assert.equal((await sendPart(server, hash, rest)).status, 200);

    for (const name of ['one', 'two']) {
      await api.createCollection(name);
      assert.deepEqual(await stateOf(server, hash), { sha256: hash, offset: bytes.length, complete: true });
      const submitted = await api.submit(name, { sha256: hash, name: 'herons.txt' });
      assert.equal(submitted.status, 201, JSON.stringify(submitted.body));
    }
    for (const name of ['one', 'two']) await api.send('DELETE', collectionPath(name));
    assert.equal(await stateOf(server, hash), null, 'it has gone with its last document');
    const again = await api.send('POST', `${collectionPath('one')}/documents`, { body: { sha256: hash } });
    assert.equal(again.status, 404);
  },
);

test(
  'the command line sends files to a server, goes on where it broke off, and names what it cannot send',
  LIMITS,
  async (t) => {
    const folder = temporaryFolder(t);
    const bytes = textOf(2 * MEGABYTE, 9);
    const path = join(folder, 'herons.txt');
    writeFileSync(path, bytes);
    writeFileSync(join(folder, 'empty.md'), '');
    await using server = await startServer(temporaryFolder(t));
    const hash = sha256Hex(bytes);
    await breakOff(server, bytes, MEGABYTE);
    const ingest = async (...words: string[]) =>
      runHoldfast(['ingest', '--server', server.address, '-c', 'docs', '--json', ...words], {
        environment: { HOLDFAST_DATA_DIR: join(folder, 'elsewhere') },
      });
    const sent = await ingest(path);
    assert.equal(sent.code, 0, sent.stderr);
    const { items } = JSON.parse(sent.stdout) as { readonly items: readonly Record<string, string>[] };
    assert.deepEqual(
      items.map(({ item, state }) => [item, state]),
      [['herons.txt', 'ready']],
    );
    const [document] = await server.api.documents('docs');
    assert.deepEqual([document?.item, document?.content_hash], ['herons.txt', hash]);
    assert.equal((await ingest(path)).code, 0, 'once more, from what is known');

    assert.equal((await ingest(path, '--language', 'de')).code, 0);
    assert.equal((await server.api.documents('docs'))[0]?.language, 'de');
    const wrong = await ingest(path, '--language', 'klingon');
    assert.deepEqual([wrong.code, /ISO 639-1/.test(wrong.stderr)], [2, true], wrong.stderr);

    const empty = await ingest(join(folder, 'empty.md'));
    assert.deepEqual([empty.code, /document_empty/.test(empty.stderr)], [1, true], empty.stderr);
    for (const [words, reason] of [
      [[path, '--dry-run'], /--dry-run is for folders/],
      [[path, '--include', '*.md'], /--include is for folders/],
      [[folder], /sends files/],
      [['-', '--name', 'a.md'], /paths of files/],
      [['http://h/'], /paths of files/],
    ] as const) {
      const refused = await ingest(...words);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, reason);
    }
    assert.equal(existsSync(join(folder, 'elsewhere')), false, 'it opens no data folder');
  },
);

test('sending a file asks again where it goes on, and gives up in the end', async (t) => {
  const path = join(temporaryFolder(t), 'a.txt');
  const bytes = textOf(MEGABYTE, 10);
  writeFileSync(path, bytes);
  const pauses: number[] = [];
  const arrived: number[] = [];
  const options = {
    onProgress: () => undefined,
    wait: async (ms: number) => void pauses.push(ms),
    signal: NEVER,
  };
  const clientOf = (failures: (ErrorCode | null)[]) => {
    let offset = 0;
    return {
      getUpload: async (sha256: string) => ({ sha256, offset, complete: false }),
      async appendUpload(sha256: string, part: FilePart) {
        const next = failures.shift() ?? null;
        // The server may have taken a part whose answer was lost.
        if (next === 'server_unreachable') offset = 1000;
        if (next !== null) throw new HoldfastError(next, 'on purpose');
        assert.equal(part.offset, offset);
        arrived.push(part.offset, part.bytes.size);
        return { sha256, offset: part.length, complete: true };
      },
    };
  };
  const hash = sha256Hex(bytes);
  assert.equal(await sendFile(clientOf(['server_unreachable', 'request_timeout']), path, options), hash);
  assert.deepEqual(arrived, [1000, bytes.length - 1000]);
  assert.deepEqual(pauses, [1000, 2000]);
  await assert.rejects(sendFile(clientOf(Array<ErrorCode>(20).fill('overloaded')), path, options), {
    code: 'overloaded',
  });
  assert.equal(pauses.length, 2 + 5);
  await assert.rejects(sendFile(clientOf(['upload_too_large']), path, options), { code: 'upload_too_large' });
  assert.equal(pauses.length, 2 + 5);
});

test('a tenant learns nothing of what another one has', LIMITS, async (t) => {
  await using service = await openTestService(temporaryFolder(t));
  const { uploads, documents, collections } = service;
  await collections.create(scopeOf('docs'), {});
  const bytes = textOf(1000, 5);
  const name = { tenant: DEFAULT_TENANT, hash: sha256Hex(bytes) };
  const theirs = { ...name, tenant: 'other' as TenantId };
  const submission = { key: 'a', name: 'a.txt', title: null, uri: null, format: null, mediaType: null };
  await documents.submit(scopeOf('docs'), { ...submission, metadata: {}, bytes }, NEVER);
  assert.deepEqual(await uploads.progress(name), { offset: bytes.length, isComplete: true });
  await assert.rejects(uploads.progress(theirs), { code: 'upload_not_found' });
  await assert.rejects(uploads.content(theirs), { code: 'upload_not_found' });
  const part = { offset: 0, length: bytes.length, pieces: onePiece(bytes) };
  assert.equal((await uploads.append(theirs, part)).isComplete, true, 'it has to be sent');
});

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('an upload on a full disk is 507 and leaves nothing', LIMITS, async (t) => {
  await withSmallDisk(t, async (disk) => {
    const data = join(disk, 'data');
    await using server = await startServer(data);
    await server.api.createCollection('docs');
    await fillDisk(disk);
    const { request, answered } = begin(server, 'POST', `${collectionPath('docs')}/documents`, {
      'content-type': 'multipart/form-data; boundary=x',
    });
    request.end(
      Buffer.concat([Buffer.from(partHead('a.txt')), textOf(MEGABYTE, 6), Buffer.from('\r\n--x--\r\n')]),
    );
    const refused = await answered;
    assert.equal(refused.status, 507, refused.body);
    assert.match(refused.body, /"code":"storage_full"/);
    const bytes = textOf(MEGABYTE, 7);
    const part = await sendPart(server, sha256Hex(bytes), { offset: 0, length: bytes.length, bytes });
    assert.equal(part.status, 507, part.body);
    assert.deepEqual(
      filesIn(data, 'uploads').filter((name) => !name.endsWith('.part')),
      [],
    );
    assert.equal((await server.api.health()).state, 'degraded');
  });
});

test('memory does not grow with an upload', { ...LIMITS, skip: process.platform !== 'linux' }, async (t) => {
  const megabytes = 250;
  const piece = textOf(MEGABYTE, 8);
  const hash = createHash('sha256');
  for (let at = 0; at < megabytes; at++) hash.update(piece);
  await using server = await startServer(temporaryFolder(t), {
    environment: { HOLDFAST_MAX_DOCUMENT_BYTES: '1 GiB' },
  });
  await server.api.createCollection('docs');
  const before = residentBytes(server.pid);
  let peak = before;
  const pour = async ({ request, answered }: Begun, last: string): Promise<number> => {
    for (let at = 0; at < megabytes; at++) {
      if (!request.write(piece)) await once(request, 'drain');
      peak = Math.max(peak, residentBytes(server.pid));
    }
    request.end(last);
    return (await answered).status;
  };
  const part = beginPart(server, hash.digest('hex'), 0, megabytes * piece.length);
  assert.equal(await pour(part, ''), 200);
  const form = begin(server, 'POST', `${collectionPath('docs')}/documents`, {
    'content-type': 'multipart/form-data; boundary=x',
  });
  form.request.write(partHead('large.txt'));
  const foreign = '\r\n--x\r\ncontent-disposition: form-data; name="author"\r\n\r\nme\r\n--x--\r\n';
  assert.equal(await pour(form, foreign), 400, 'arrived whole, and refused for another reason');
  assert.ok(peak - before < 120 * MEGABYTE, `${Math.round((peak - before) / MEGABYTE)} MB more than before`);
});
