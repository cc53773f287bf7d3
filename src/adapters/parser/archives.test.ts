import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeTar, makeZip } from '../../../test/ingest/make-archives.ts';
import type { ParseResult } from '../../core/documents/parser.ts';
import { UNPACK_LIMITS } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';
import { assertParsed } from './assert-parsed.ts';
import { formatOf, parseFile } from './registry.ts';

const FIXTURES = new URL('../../../test/fixtures/formats/archives/', import.meta.url);

async function parse(bytes: Uint8Array, name: string): Promise<ParseResult> {
  const format = formatOf(name, bytes.subarray(0, 4096));
  assert.ok(format !== null, `${name} has no format`);
  const result = await parseFile(format, { bytes, name });
  for (const document of result.documents) assertParsed(document);
  return result;
}

const texts = ({ documents }: ParseResult) =>
  documents.map(({ recordKey, text }) => [recordKey, text] as const);
const codes = ({ problems }: ParseResult) =>
  problems.map(({ recordKey, code }) => [recordKey, code] as const);
const hasCode = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;

const LONG = `!/docs/sub/${'n'.repeat(120)}.txt`;
const DOCUMENTS: readonly (readonly [string, string])[] = [
  ['!/docs/backup.md', 'Backups\n\nThey run daily at two.'],
  ['!/docs/data.jsonl#a', 'A record.'],
  ['!/docs/grüße.txt', 'Grüße.\n'],
  [LONG, 'A long name.\n'],
  ['!/docs/sub/ports.csv', 'name: web | port: 80'],
];
const PROBLEMS: readonly (readonly [string, string])[] = [
  ['!/docs/data.jsonl#1', 'document_malformed'],
  ['!/docs/logo.png', 'document_unsupported'],
];

test('reads ZIP and tar archives as folders, each file in its own format', async () => {
  for (const name of ['docs.zip', 'docs.tar', 'docs-pax.tar.gz']) {
    const result = await parse(readFileSync(new URL(name, FIXTURES)), name);
    assert.deepEqual(texts(result).toSorted(), DOCUMENTS.toSorted(), name);
    const found = codes(result).filter(([, code]) => code !== 'document_link_skipped');
    assert.deepEqual(found.toSorted(), PROBLEMS.toSorted(), name);
    const backup = result.documents.find(({ recordKey }) => recordKey === '!/docs/backup.md');
    assert.equal(backup?.metadata['entry'], 'docs/backup.md');
  }
});

test('follows no link and reads no device', async () => {
  const result = await parse(readFileSync(new URL('docs.tar', FIXTURES)), 'docs.tar');
  assert.deepEqual(
    codes(result).filter(([key]) => key === '!/docs/link.md'),
    [['!/docs/link.md', 'document_link_skipped']],
  );
  const device = await parse(makeTar([{ path: 'dev/null', content: '', type: '3' }]), 'a.tar');
  assert.deepEqual(codes(device), [['!/dev/null', 'document_unsupported']]);
});

test('says which files are protected with a password', async () => {
  const result = await parse(readFileSync(new URL('encrypted.zip', FIXTURES)), 'encrypted.zip');
  assert.deepEqual(codes(result), [['!/docs/backup.md', 'document_encrypted']]);
});

test('reads archives in archives', async () => {
  const inner = makeZip([{ path: 'a.txt', content: 'Inside.' }]);
  const result = await parse(gzipSync(makeTar([{ path: 'x/inner.zip', content: inner }])), 'a.tgz');
  assert.deepEqual(texts(result), [['!/x/inner.zip!/a.txt', 'Inside.']]);
});

test('reads a packed file as the file that it is', async () => {
  const result = await parse(gzipSync('name,port\nweb,80\n'), 'ports.csv.gz');
  assert.deepEqual(texts(result), [[null, 'name: web | port: 80']]);
});

test('tells an archive by its bytes, and a text that is called one', async () => {
  const zip = makeZip([{ path: 'a.txt', content: 'x' }]);
  assert.equal(formatOf('notes.txt', zip), 'zip');
  assert.equal(formatOf('notes.zip', Buffer.from('Just words.')), 'text');
  assert.equal(formatOf('notes.tar', Buffer.from('Just words.'.repeat(100))), 'text');
  assert.equal(formatOf('a.bin', makeZip([{ path: '[Content_Types].xml', content: '<Types/>' }])), null);
});

test('refuses paths that lead out, and takes the others', async () => {
  const paths = ['../../etc/passwd', '/etc/passwd', 'a/../../b.txt', 'C:\\x.txt', '..\\x.txt', 'fine.txt'];
  const files = paths.map((path) => ({ path, content: 'Words.' }));
  for (const archive of [makeZip(files), makeTar(files)]) {
    const result = await parse(archive, 'a.zip');
    assert.deepEqual(texts(result), [['!/fine.txt', 'Words.']]);
    assert.deepEqual(
      result.problems.map(({ code, reason }) => [code, /leads out of the archive/.test(reason)]),
      paths.slice(0, -1).map(() => ['document_malformed', true]),
    );
  }
});

test('keeps names with line ends, emoji and marks of direction', async () => {
  const paths = ['two\nlines.txt', '😀.txt', 'left\u202eright.txt', `${'é'.repeat(120)}.txt`];
  const result = await parse(makeZip(paths.map((path) => ({ path, content: 'Words.' }))), 'a.zip');
  assert.deepEqual(
    result.documents.map(({ recordKey }) => recordKey),
    paths.map((path) => `!/${path}`),
  );
});

test('lets a damaged file fail alone', async () => {
  const result = await parse(
    makeZip([
      { path: 'crc.txt', content: 'Words.', claims: { crc: 1 } },
      { path: 'size.txt', content: 'Words.', claims: { bytes: 5 } },
      { path: 'method.txt', content: 'Words.', claims: { method: 12 } },
      { path: 'same.txt', content: 'First.' },
      { path: 'same.txt', content: 'Second.' },
      { path: 'empty.txt', content: '' },
    ]),
    'a.zip',
  );
  assert.deepEqual(texts(result), [['!/same.txt', 'First.']]);
  assert.deepEqual(codes(result), [
    ['!/crc.txt', 'document_malformed'],
    ['!/size.txt', 'document_malformed'],
    ['!/method.txt', 'document_unsupported'],
    ['!/same.txt#5', 'document_malformed'],
    ['!/empty.txt', 'document_empty'],
  ]);
});

test('takes what comes before the place where a tar archive is cut off', async () => {
  const whole = makeTar([
    { path: 'a.txt', content: 'First.' },
    { path: 'b.txt', content: 'Second.'.repeat(1000) },
  ]);
  const result = await parse(whole.subarray(0, 2048), 'a.tar');
  assert.deepEqual(texts(result), [['!/a.txt', 'First.']]);
  assert.deepEqual(codes(result), [[null, 'document_malformed']]);
});

test('refuses a ZIP archive without its directory, and files that share their bytes', async () => {
  const zip = makeZip([{ path: 'a.txt', content: 'Words.' }]);
  const cut = await parse(zip.subarray(0, zip.length - 10), 'a.zip');
  assert.deepEqual([cut.documents, codes(cut)], [[], [[null, 'document_malformed']]]);
  const shared = makeZip([
    { path: 'a.txt', content: 'Words.'.repeat(100) },
    { path: 'b.txt', content: 'Words.'.repeat(100), isOverlapping: true },
  ]);
  await assert.rejects(parse(shared, 'a.zip'), hasCode('document_unpack_limit'));
});

test('unpacks no more than is allowed: bytes, ratio, entries, depth', async () => {
  const zeros = Buffer.alloc(4 * UNPACK_LIMITS.freeBytes);
  const bomb = await parse(
    makeZip([
      { path: 'zeros.txt', content: zeros },
      { path: 'a.txt', content: 'Words.' },
    ]),
    'a.zip',
  );
  assert.deepEqual(codes(bomb), [['!/zeros.txt', 'document_unpack_limit']]);
  assert.deepEqual(texts(bomb), [['!/a.txt', 'Words.']]);
  const liar = makeZip([{ path: 'zeros.txt', content: zeros, claims: { bytes: 10 } }]);
  assert.deepEqual(codes(await parse(liar, 'a.zip')), [['!/zeros.txt', 'document_unpack_limit']]);
  await assert.rejects(parse(gzipSync(zeros), 'zeros.gz'), hasCode('document_unpack_limit'));
  const many = Array.from({ length: UNPACK_LIMITS.entries + 1 }, (_, at) => ({
    path: `${at}.txt`,
    content: 'x',
  }));
  await assert.rejects(parse(makeZip(many), 'many.zip'), hasCode('document_unpack_limit'));
  await assert.rejects(parse(makeTar(many), 'many.tar'), hasCode('document_unpack_limit'));
  let nested: Buffer = Buffer.from('Deep.');
  for (let depth = 0; depth <= UNPACK_LIMITS.depth; depth++)
    nested = makeZip([{ path: depth === 0 ? 'a.txt' : 'a.zip', content: nested }]);
  const deep = await parse(nested, 'a.zip');
  assert.deepEqual(codes(deep), [['!/a.zip!/a.zip!/a.zip!/a.zip', 'document_unpack_limit']]);
});

test('gives up on an archive of many bombs once the bytes are used up', async () => {
  // Every file is just below the limit of one, so that only their sum is too much.
  const size = 60 * 1024 * 1024;
  const half = Buffer.alloc(size, 'a');
  // Binary, so that nothing reads it; noise makes the ratio harmless.
  half.fill(0, 0, 4096);
  for (let at = 4096; at < size; at += 1000) half.writeUInt32LE((at * 2654435761) % 2 ** 32, at);
  const files = Array.from({ length: 5 }, (_, at) => ({ path: `${at}.bin`, content: half }));
  await assert.rejects(
    parse(makeZip([...files, { path: 'a.txt', content: 'x' }]), 'a.zip'),
    hasCode('document_unpack_limit'),
  );
});

test('names an archive without files', async () => {
  await assert.rejects(parse(makeZip([]), 'a.zip'), hasCode('document_empty'));
});
