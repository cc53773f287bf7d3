import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatOf, parseFile } from '../../src/adapters/parser/registry.ts';
import { UNPACK_LIMITS } from '../../src/core/documents/unpack-budget.ts';
import { HoldfastError, type ErrorCode } from '../../src/core/errors.ts';
import { ROOT } from '../documents/checkout.ts';
import { makeZip } from '../ingest/make-archives.ts';
import { emptyPdf, textPdf } from './make-pdf.ts';

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const paragraph = (text: string): string => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
const word = (body: string, before = ''): Buffer =>
  makeZip([
    { path: 'word/document.xml', content: `${before}<w:document ${W}><w:body>${body}</w:body></w:document>` },
  ]);
const part = (path: string, content: string): Buffer => makeZip([{ path, content }]);
const fixture = async (name: string): Promise<Buffer> => readFile(join(ROOT, 'test/fixtures/office', name));

const ENTITIES = Array.from({ length: 30 }, (_, at) => `<!ENTITY e${at + 1} "&e${at};&e${at};">`).join('');
const MEGABYTES = 2 ** 20;

interface Row {
  readonly name: string;
  readonly bytes: () => Buffer | Promise<Buffer>;
  readonly code: ErrorCode;
  readonly reason: RegExp;
}

const ROWS: readonly Row[] = [
  {
    name: 'locked.pdf',
    bytes: async () => fixture('locked.pdf'),
    code: 'document_encrypted',
    reason: /password/,
  },
  { name: 'scan.pdf', bytes: () => emptyPdf(3), code: 'no_text', reason: /none of its 3 pages holds text/ },
  {
    name: 'noise.pdf',
    bytes: () => Buffer.from(`%PDF-1.7\n${'noise '.repeat(2000)}`),
    code: 'document_malformed',
    reason: /no whole PDF/,
  },
  {
    name: 'cut.pdf',
    bytes: () => textPdf(20, 20).subarray(0, 9000),
    code: 'document_malformed',
    reason: /no whole PDF/,
  },
  {
    name: 'huge.pdf',
    bytes: () => emptyPdf(20_001),
    code: 'document_too_large',
    reason: /20001 pages/,
  },
  {
    name: 'half.docx',
    bytes: async () => (await fixture('report.docx')).subarray(0, 5000),
    code: 'document_malformed',
    reason: /directory at its end is missing/,
  },
  {
    name: 'locked.docx',
    bytes: () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2048)]),
    code: 'document_encrypted',
    reason: /password/,
  },
  {
    name: 'entities.docx',
    bytes: () => word(paragraph('&e30;'), `<!DOCTYPE d [<!ENTITY e0 "ha">${ENTITIES}]>`),
    code: 'document_malformed',
    reason: /DTD/,
  },
  {
    name: 'external.docx',
    bytes: () => word(paragraph('&e;'), '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    code: 'document_malformed',
    reason: /DTD/,
  },
  {
    name: 'deep.docx',
    bytes: () => word('<w:sdt>'.repeat(100_000)),
    code: 'document_malformed',
    reason: /deep in each other/,
  },
  {
    name: 'cut.docx',
    bytes: () => word('<w:p><w:r><w:t>It ends'),
    code: 'document_malformed',
    reason: /tag/i,
  },
  {
    name: 'bomb.docx',
    bytes: () => word(paragraph(' '.repeat(4 * UNPACK_LIMITS.freeBytes))),
    code: 'document_unpack_limit',
    reason: /unpack to more than/,
  },
  {
    name: 'none.docx',
    bytes: () => part('[Content_Types].xml', '<x/>'),
    code: 'document_malformed',
    reason: /word\/document\.xml/,
  },
  { name: 'empty.docx', bytes: () => word(''), code: 'document_empty', reason: /no text/ },
  {
    name: 'none.xlsx',
    bytes: () => part('[Content_Types].xml', '<x/>'),
    code: 'document_malformed',
    reason: /xl\/workbook\.xml/,
  },
  {
    name: 'missing.pptx',
    bytes: () => part('ppt/presentation.xml', '<p:presentation xmlns:p="p"/>'),
    code: 'document_empty',
    reason: /no text/,
  },
  {
    name: 'none.odt',
    bytes: () => part('[Content_Types].xml', '<x/>'),
    code: 'document_malformed',
    reason: /content\.xml/,
  },
  {
    name: 'locked.odt',
    bytes: () => part('META-INF/manifest.xml', '<m:manifest xmlns:m="m"><m:encryption-data/></m:manifest>'),
    code: 'document_encrypted',
    reason: /password/,
  },
  {
    name: 'rights.epub',
    bytes: () => part('META-INF/rights.xml', '<x/>'),
    code: 'document_encrypted',
    reason: /copying/,
  },
  {
    name: 'cut.rtf',
    bytes: () => Buffer.from('{\\rtf1 It ends {\\b in'),
    code: 'document_malformed',
    reason: /middle/,
  },
  { name: 'not.rtf', bytes: () => Buffer.from('Just words.'), code: 'document_malformed', reason: /rtf/ },
];

async function read(name: string, bytes: Buffer): Promise<string> {
  const format = formatOf(name, bytes);
  assert.ok(format !== null, `${name} has no format`);
  const { documents } = await parseFile(format, { bytes, name });
  return documents.map(({ text }) => text).join('\n');
}

for (const { name, bytes, code, reason } of ROWS) {
  test(`refuses ${name} with ${code} and a reason`, async () => {
    const made = await bytes();
    await assert.rejects(read(name, made), (error) => {
      assert.ok(error instanceof HoldfastError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, reason);
      assert.ok(error.message.includes(name), `the reason names the file: ${error.message}`);
      return true;
    });
  });
}

test('reads a file by its bytes when its name says another format', async () => {
  assert.match(await read('report.docx', await fixture('report.pdf')), /five officers/);
  assert.match(await read('report.txt', await fixture('report.docx')), /five officers/);
});

test('keeps cells that say they stand at the edge of the largest sheet within bounds', async () => {
  const table =
    '<t:table t:name="s"><t:table-row t:number-rows-repeated="1048000"><t:table-cell t:number-columns-repeated="16000"><x:p>many</x:p></t:table-cell></t:table-row></t:table>';
  const content = `<o:d xmlns:o="o" xmlns:t="t" xmlns:x="x"><o:spreadsheet>${table}</o:spreadsheet></o:d>`;
  const text = await read('wide.ods', part('content.xml', content));
  assert.ok(text.length < 32 * MEGABYTES, `${text.length} characters`);
});
