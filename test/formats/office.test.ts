import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertParsed } from '../../src/adapters/parser/assert-parsed.ts';
import { formatOf, parseFile } from '../../src/adapters/parser/registry.ts';
import type { ParsedDocument } from '../../src/core/documents/document.ts';
import { splitDocument } from '../../src/core/ingest/split.ts';
import { ROOT } from '../documents/checkout.ts';
import { characterErrorRate } from './character-errors.ts';
import { OFFICE_REFERENCES } from './office-references.ts';

const FOLDER = join(ROOT, 'test/fixtures/office');
const LIMIT = 0.01;

async function parsed(name: string, given = name): Promise<ParsedDocument> {
  const bytes = await readFile(join(FOLDER, name));
  const format = formatOf(given, bytes);
  assert.ok(format !== null, `${given} has no format`);
  const { documents, problems } = await parseFile(format, { bytes, name: given });
  assert.deepEqual(problems, []);
  const [document, ...others] = documents;
  assert.ok(document !== undefined && others.length === 0);
  assertParsed(document);
  return document;
}

for (const [name, reference] of Object.entries(OFFICE_REFERENCES)) {
  test(`reads ${name} as a person does, with less than 1 % of the characters wrong`, async () => {
    const { text } = await parsed(name);
    const rate = characterErrorRate(text, reference);
    assert.ok(rate < LIMIT, `${(100 * rate).toFixed(2)} % of the characters are wrong:\n${text}`);
  });
}

test('tells a format by the bytes when the name says nothing', async () => {
  for (const [name, format] of [
    ['report.pdf', 'pdf'],
    ['report.docx', 'docx'],
    ['slides.pptx', 'pptx'],
    ['sales.xlsx', 'xlsx'],
    ['report.odt', 'opendocument'],
    ['report.epub', 'epub'],
    ['report.rtf', 'rtf'],
  ] as const) {
    const bytes = await readFile(join(FOLDER, name));
    assert.equal(formatOf('upload', bytes), format, name);
  }
});

test('takes title, author and language from what a file says about itself', async () => {
  for (const name of ['report.docx', 'report.odt', 'report.epub', 'report.pdf']) {
    const { title, metadata, language } = await parsed(name);
    assert.deepEqual([title, metadata['author'], language], ['Field report', 'Ada Marsh', 'en'], name);
  }
});

test('makes headings of headings, so that passages carry them', async () => {
  for (const name of ['report.docx', 'report.odt', 'report.epub', 'report.rtf', 'report.pdf']) {
    const document = await parsed(name);
    const chunks = splitDocument(document, { targetTokens: 20, maxTokens: 40 });
    const found = chunks.find(({ start, end }) => document.text.slice(start, end).includes('Gauge A'));
    assert.equal(found?.headingPath.at(-1), 'Findings', name);
  }
});

test('gives the page of a passage in a PDF, and the number of its slide in a presentation', async () => {
  const columns = await parsed('columns.pdf');
  const at = columns.text.indexOf('sentence number 125');
  assert.equal(columns.blocks.find(({ start, end }) => start <= at && at < end)?.page, 3);
  for (const name of ['slides.pptx', 'slides.odp']) {
    const slides = await parsed(name);
    const pages = slides.blocks.map(({ start, end, page }) => [
      slides.text.slice(start, end).split('\n')[0],
      page,
    ]);
    assert.deepEqual(pages.slice(0, 4), [
      ['Launch plan', 1],
      ['Goals', 2],
      ['The launch is planned for the ninth of May.', 2],
      ['Say that the date depends on the weather.', 2],
    ]);
  }
});

test('names sheet and cells of the rows of a workbook', async () => {
  for (const name of ['sales.xlsx', 'sales.ods']) {
    const document = await parsed(name);
    const [chunk] = splitDocument(document, { targetTokens: 200, maxTokens: 400 });
    assert.deepEqual(chunk?.headingPath, ['sales', 'A2:D4'], name);
  }
});
