import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { folderSource } from '../../src/adapters/source/folder.ts';
import type { DocumentRecord, DocumentState } from '../../src/core/documents/document.ts';
import { UNPACK_LIMITS } from '../../src/core/documents/unpack-budget.ts';
import { HoldfastError, type ErrorCode } from '../../src/core/errors.ts';
import { openLibrary, scopeOf } from '../library.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { makeTar, makeZip } from './make-archives.ts';

/** What is left of an item: the part of its key behind its name, its state, and why. */
type Expected = readonly [part: string, state: DocumentState, code?: ErrorCode, reason?: RegExp];

interface Row {
  readonly name: string;
  readonly bytes: () => Uint8Array | string;
  readonly expected: readonly Expected[];
}

const failed = (code: ErrorCode, reason?: RegExp): readonly Expected[] => [
  reason === undefined ? ['', 'failed', code] : ['', 'failed', code, reason],
];
const READY: readonly Expected[] = [['', 'ready']];
const WORDS = 'The backup runs every day at two in the morning.\n';
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

function nested(depth: number, innermost: Buffer): Buffer {
  let bytes = innermost;
  for (let at = 0; at < depth; at++) bytes = makeZip([{ path: 'a.zip', content: bytes }]);
  return bytes;
}

const zeros = Buffer.alloc(4 * UNPACK_LIMITS.freeBytes);
const aliases = Array.from({ length: 40 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`);
const parts = Array.from(
  { length: 200 },
  (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
);

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'nothing in it': [
    { name: 'zero.txt', bytes: () => '', expected: failed('document_empty', /0 bytes/) },
    { name: 'zero.zip', bytes: () => '', expected: failed('document_empty', /0 bytes/) },
    { name: 'blank.md', bytes: () => ' \n\t\n', expected: failed('document_empty') },
    { name: 'markup.adoc', bytes: () => '// only a comment\n', expected: failed('document_empty') },
    { name: 'none.zip', bytes: () => makeZip([]), expected: failed('document_empty', /no files/) },
    { name: 'empty.ipynb', bytes: () => '{"cells": []}', expected: failed('document_empty') },
    { name: 'empty.csv', bytes: () => ',,\n,,\n', expected: failed('document_empty') },
  ],
  'not what its name says': [
    {
      name: 'photo.txt',
      bytes: () => latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'),
      expected: failed('document_binary', /PNG/),
    },
    {
      name: 'program.csv',
      bytes: () => latin1('\x7fELF\x02\x01\x01\0\0\0'),
      expected: failed('document_binary', /ELF/),
    },
    {
      name: 'noise.md',
      bytes: () => Uint8Array.from({ length: 4096 }, (_, at) => (at * 2654435761) >>> 13),
      expected: failed('document_binary'),
    },
    { name: 'words.zip', bytes: () => WORDS, expected: READY },
    { name: 'words.tar.gz', bytes: () => WORDS, expected: READY },
    {
      name: 'archive.txt',
      bytes: () => makeZip([{ path: 'a.txt', content: WORDS }]),
      expected: [['!/a.txt', 'ready']],
    },
    { name: 'words.json', bytes: () => WORDS, expected: failed('document_malformed', /not valid JSON/) },
    { name: 'words.ipynb', bytes: () => WORDS, expected: failed('document_malformed', /not valid JSON/) },
    { name: 'words.vtt', bytes: () => WORDS, expected: failed('document_malformed', /no cue/) },
    { name: 'words.mbox', bytes: () => WORDS, expected: failed('document_malformed', /no mailbox/) },
  ],
  encodings: [
    { name: 'utf16.txt', bytes: () => Buffer.from(`\ufeff${WORDS}`, 'utf16le'), expected: READY },
    {
      name: 'utf16.csv',
      bytes: () => Buffer.from('name,port\nweb,80\nmail,25\n', 'utf16le'),
      expected: READY,
    },
    {
      name: 'latin.srt',
      bytes: () => latin1('1\n00:00:01,000 --> 00:00:02,000\nCaf\xe9 um zw\xf6lf.\n'),
      expected: READY,
    },
    {
      name: 'broken.txt',
      bytes: () => Buffer.concat([Buffer.from(WORDS.repeat(20)), latin1('\xc3\x28')]),
      expected: READY,
    },
    {
      name: 'shift-jis.txt',
      bytes: () => Buffer.from('93fa967b8cea82cc83658358836782c582b7', 'hex'),
      expected: failed('document_binary', /save it as UTF-8/),
    },
    { name: 'nul.txt', bytes: () => `The backup\0 runs every day at two.`, expected: READY },
  ],
  'too much of it': [
    { name: 'line.txt', bytes: () => 'x'.repeat(900_000), expected: READY },
    { name: 'line.csv', bytes: () => `a,b\n${'x,'.repeat(100_000)}`, expected: READY },
    { name: 'line.ts', bytes: () => `const a = "${'x'.repeat(300_000)}";`, expected: READY },
    { name: 'deep.json', bytes: () => '['.repeat(100_000) + ']'.repeat(100_000), expected: READY },
    { name: 'deep.yaml', bytes: () => `text: ${'['.repeat(50_000)}`, expected: READY },
    { name: 'aliases.yaml', bytes: () => `text: x\na0: &a0 [x]\n${aliases.join('\n')}`, expected: READY },
    {
      name: 'parts.eml',
      bytes: () => `Subject: x\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n${parts.join('')}`,
      expected: failed('document_malformed', /nest/i),
    },
    {
      name: 'headers.eml',
      bytes: () => `X: ${'x'.repeat(700_000)}\r\nSubject: a\r\n\r\nb`,
      expected: failed('document_malformed', /header/i),
    },
    { name: 'zeros.txt.gz', bytes: () => gzipSync(zeros), expected: failed('document_unpack_limit') },
    {
      name: 'zeros.zip',
      bytes: () =>
        makeZip([
          { path: 'zeros.txt', content: zeros },
          { path: 'a.txt', content: WORDS },
        ]),
      expected: [
        ['!/a.txt', 'ready'],
        ['!/zeros.txt', 'failed', 'document_unpack_limit', /unpack to more than/],
      ],
    },
    {
      name: 'liar.zip',
      bytes: () => makeZip([{ path: 'zeros.txt', content: zeros, claims: { bytes: 10 } }]),
      expected: [['!/zeros.txt', 'failed', 'document_unpack_limit']],
    },
    {
      name: 'nested.zip',
      bytes: () => nested(10, makeZip([{ path: 'zeros.txt', content: zeros }])),
      expected: [['!/a.zip!/a.zip!/a.zip!/a.zip', 'failed', 'document_unpack_limit', /deeper than 4/]],
    },
    {
      name: 'shared.zip',
      bytes: () =>
        makeZip([
          { path: 'a.txt', content: WORDS },
          ...Array.from({ length: 50 }, (_, at) => ({
            path: `${at}.txt`,
            content: WORDS,
            isOverlapping: true,
          })),
        ]),
      expected: failed('document_unpack_limit', /share their bytes/),
    },
    {
      name: 'many.zip',
      bytes: () =>
        makeZip(
          Array.from({ length: UNPACK_LIMITS.entries + 1 }, (_, at) => ({ path: `${at}`, content: 'x' })),
        ),
      expected: failed('document_unpack_limit', /at most 10000/),
    },
  ],
  'paths and names': [
    {
      name: 'out.zip',
      bytes: () =>
        makeZip([
          { path: '../../etc/cron.d/x', content: WORDS },
          { path: '/etc/passwd', content: WORDS },
          { path: 'C:\\x.txt', content: WORDS },
          { path: 'in.txt', content: WORDS },
        ]),
      expected: [
        ['!/../../etc/cron.d/x', 'failed', 'document_malformed', /leads out of the archive/],
        ['!//etc/passwd', 'failed', 'document_malformed', /leads out of the archive/],
        ['!/C:\\x.txt', 'failed', 'document_malformed', /leads out of the archive/],
        ['!/in.txt', 'ready'],
      ],
    },
    {
      name: 'links.tar',
      bytes: () =>
        makeTar([
          { path: 'passwd', content: '', type: '2' },
          { path: 'in.txt', content: WORDS },
        ]),
      expected: [
        ['!/in.txt', 'ready'],
        ['!/passwd', 'skipped', 'document_link_skipped'],
      ],
    },
    { name: 'two\nlines.txt', bytes: () => WORDS, expected: READY },
    { name: '😀 emoji.md', bytes: () => WORDS, expected: READY },
    { name: 'left\u202eright.csv', bytes: () => 'name,port\nweb,80\n', expected: READY },
    { name: `${'n'.repeat(251)}.txt`, bytes: () => WORDS, expected: READY },
  ],
  'damaged in part': [
    {
      name: 'crc.zip',
      bytes: () =>
        makeZip([
          { path: 'bad.txt', content: WORDS, claims: { crc: 7 } },
          { path: 'good.txt', content: WORDS },
        ]),
      expected: [
        ['!/bad.txt', 'failed', 'document_malformed', /checksum/],
        ['!/good.txt', 'ready'],
      ],
    },
    {
      name: 'locked.zip',
      bytes: () => makeZip([{ path: 'a.txt', content: WORDS, claims: { flags: 0x801 } }]),
      expected: [['!/a.txt', 'failed', 'document_encrypted']],
    },
    {
      name: 'cut.tar',
      bytes: () =>
        makeTar([
          { path: 'a.txt', content: WORDS },
          { path: 'b.txt', content: WORDS.repeat(100) },
        ]).subarray(0, 2048),
      expected: [
        ['', 'failed', 'document_malformed', /cut off at byte 1024/],
        ['!/a.txt', 'ready'],
      ],
    },
    {
      name: 'cut.txt.gz',
      bytes: () => gzipSync(WORDS.repeat(100)).subarray(0, 40),
      expected: failed('document_malformed', /gzip/),
    },
    {
      name: 'mixed.zip',
      bytes: () =>
        makeZip([
          { path: 'a.json', content: '{' },
          { path: 'b.png', content: latin1('\x89PNG\r\n\x1a\n\0') },
          { path: 'c.jsonl', content: `{"id":"x","text":"${'Words. '.repeat(3)}"}\nnope\n` },
        ]),
      expected: [
        ['!/a.json', 'failed', 'document_malformed'],
        ['!/b.png', 'skipped', 'document_unsupported'],
        ['!/c.jsonl#2', 'failed', 'document_malformed', /line 2/],
        ['!/c.jsonl#x', 'ready'],
      ],
    },
  ],
};

const library = await openLibrary();
after(async () => library[Symbol.asyncDispose]());
const scope = scopeOf('bad-input');
await library.createCollection(scope);
await library.put(scope, 'good', `# Good\n\n${WORDS}`);
const NEVER = new AbortController().signal;

async function submit(name: string, bytes: Uint8Array): Promise<readonly DocumentRecord[]> {
  const nothing = { title: null, uri: null, format: null, mediaType: null, metadata: {} };
  const records = await library.submit(scope, { ...nothing, key: name, name, bytes }, NEVER);
  return records.toSorted((a, b) => (a.sourceKey < b.sourceKey ? -1 : 1));
}

for (const [kind, rows] of Object.entries(ROWS))
  describe(`input with ${kind}`, () => {
    for (const { name, bytes, expected } of rows)
      it(`is told as it is: ${JSON.stringify(name.slice(0, 40))}`, async () => {
        const records = await submit(name, Buffer.from(bytes()));
        assert.deepEqual(
          records.map(({ sourceKey, state, problem }) => [
            sourceKey.slice(name.length),
            state,
            problem?.code,
          ]),
          expected.map(([part, state, code]) => [part, state, code]),
        );
        for (const [at, [, , , reason]] of expected.entries())
          if (reason !== undefined) assert.match(records[at]?.problem?.reason ?? '', reason);
        const good = (await library.catalog.knownItems(scope, 'api', 'good'))[0]?.documents[0];
        assert.equal(good?.state, 'ready');
      });
  });

describe('a file of a gigabyte', () => {
  it('is refused by its size, before it is read', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'line.txt');
    await using file = await open(path, 'w');
    await file.truncate(2 ** 30);
    await assert.rejects(
      folderSource({ excluded: [] }).read(path, 32 * 1024 * 1024),
      (error: unknown) => error instanceof HoldfastError && error.code === 'document_too_large',
    );
  });
});
