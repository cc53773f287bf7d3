import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitDocument } from '../../core/ingest/split.ts';
import { assertParsed } from './assert-parsed.ts';
import { csvParser } from './csv.ts';

function textOf(text: string): string {
  const [document] = csvParser.parse({ text, name: 'a.csv' }).documents;
  assert.ok(document !== undefined);
  assertParsed(document);
  return document.text;
}

test('gives every row the names of its columns', () => {
  assert.equal(
    textOf('Name,City,Age\nAda Lovelace,London,36\nAlan Turing,Wilmslow,\n'),
    'Name: Ada Lovelace | City: London | Age: 36\nName: Alan Turing | City: Wilmslow',
  );
});

test('reads quotes, line ends in cells and doubled quotes', () => {
  assert.equal(
    textOf('id,note\n1,"one, ""two""\nthree"\n2,"never closed\n3,x\n'),
    'id: 1 | note: one, "two" three\nid: 2 | note: never closed 3,x',
  );
});

test('finds the delimiter', () => {
  for (const delimiter of [',', ';', '\t', '|'])
    assert.equal(textOf(`name${delimiter}price\nscrew${delimiter}3`), 'name: screw | price: 3');
  assert.equal(
    textOf('name;price\nscrew;3,50\nnut;1,20'),
    'name: screw | price: 3,50\nname: nut | price: 1,20',
  );
});

test('keeps rows without a header as they are', () => {
  assert.equal(textOf('1,2\n3,4'), '1 | 2\n3 | 4');
  assert.equal(textOf('only one row,of words'), 'only one row | of words');
});

test('says which rows a passage is from', () => {
  const rows = Array.from({ length: 40 }, (_, at) => `article number ${at},${at * 3}`);
  const text = ['name,price', '', ...rows].join('\n');
  const [document] = csvParser.parse({ text, name: 'a.csv' }).documents;
  assert.ok(document !== undefined);
  assertParsed(document);
  const labels = document.blocks.flatMap(({ label }) => label ?? []);
  assert.deepEqual(labels, ['rows 3–20', 'rows 21–38', 'rows 39–42']);
  const chunks = splitDocument(document, { maxTokens: 400 });
  assert.deepEqual(
    chunks.map(({ headingPath }) => headingPath),
    labels.map((label) => [label]),
  );
  assert.match(document.text.slice(chunks[1]?.start, chunks[1]?.end), /^name: article number 18 \|/);
});

test('does not repeat names that are much longer than the cells', () => {
  const names = Array.from({ length: 40 }, (_, at) => `a very long name of the column number ${at}`);
  const rows = Array.from({ length: 300 }, (_, row) => names.map((_, at) => (row + at) % 10).join(','));
  const [document] = csvParser.parse({
    text: [names.join(','), ...rows].join('\n'),
    name: 'a.csv',
  }).documents;
  assert.ok(document !== undefined);
  assert.equal(document.blocks[0]?.label, names.join(' | '));
  assert.equal(document.blocks[1]?.level, 2);
  assert.ok(document.text.length < 60_000);
});
