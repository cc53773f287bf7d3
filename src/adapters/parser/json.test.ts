import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../core/errors.ts';
import { assertParsed } from './assert-parsed.ts';
import { jsonParser } from './json.ts';
import { jsonlParser } from './jsonl.ts';

const parseJson = (value: unknown) => jsonParser.parse({ text: JSON.stringify(value), name: 'a.json' });
const parseLines = (...lines: string[]) => jsonlParser.parse({ text: lines.join('\n'), name: 'a.jsonl' });

test('makes a document of every record', () => {
  const { documents, problems } = parseJson([
    {
      id: 7,
      title: 'T',
      url: 'http://x',
      text: 'One.\r\n\n\nTwo.\0',
      lang: 'en',
      tags: ['a'],
      nested: { a: 1 },
    },
    { _id: 'k', content: 'Body', metadata: { a: { b: { c: 1 } }, d: true, e: null } },
    { body: 'Third' },
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    documents.map(({ recordKey, title, uri, text, metadata, language }) => [
      recordKey,
      title,
      uri,
      text,
      metadata,
      language,
    ]),
    [
      ['7', 'T', 'http://x', 'One.\n\n\nTwo.', { tags: ['a'] }, 'en'],
      ['k', null, null, 'Body', { 'a.b.c': 1, d: true }, null],
      ['3', null, null, 'Third', {}, null],
    ],
  );
  for (const document of documents) assertParsed(document);
});

test('finds the records of an object', () => {
  for (const field of ['documents', 'records', 'items', 'data']) {
    assert.equal(parseJson({ [field]: [{ text: 'a' }, { text: 'b' }] }).documents.length, 2);
  }
  assert.equal(parseJson({ text: 'one' }).documents[0]?.recordKey, '1');
});

test('reads a text in the format that its record names', () => {
  const { documents, problems } = parseJson([
    { text: '# H\n\n*x*', format: 'markdown' },
    { text: '<p>a<p>b', format: 'html' },
    { text: 'H\n=\n', format: 'rst' },
    { text: 'x', format: 'toString' },
  ]);
  assert.deepEqual(
    documents.map(({ title, text }) => [title, text]),
    [
      ['H', 'H\n\nx'],
      [null, 'a\n\nb'],
      [null, 'H ='],
    ],
  );
  assert.match(
    problems[0]?.reason ?? '',
    /record 4: the format "toString" is none of markdown, html, rst, text/,
  );
});

test('shows any other JSON as code', () => {
  const { documents } = parseJson({ a: [1, { b: 'c' }] });
  const [document] = documents;
  assert.ok(document !== undefined);
  assert.deepEqual(assertParsed(document), [['code', JSON.stringify({ a: [1, { b: 'c' }] }, null, 2)]]);
  assert.equal(document.recordKey, null);
});

test('names the place where JSON is broken', () => {
  assert.throws(
    () => jsonParser.parse({ text: '{"a": 1,}', name: 'x.json' }),
    (error: unknown) =>
      error instanceof HoldfastError &&
      error.code === 'document_malformed' &&
      /x\.json is not valid JSON: .*position 8/.test(error.message),
  );
});

test('takes JSON that is nested very deep', () => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000);
  const [document] = jsonParser.parse({ text: deep, name: 'x.json' }).documents;
  assert.ok((document?.text.length ?? 0) > 0);
});

test('reports a broken line and keeps the others', () => {
  const { documents, problems } = parseLines(
    '{"id":"a","text":"x"}',
    '{"text": oops}',
    '',
    '{"text":"y"}',
    '{"title":"no text"}',
    '{"text":" "}',
  );
  assert.deepEqual(
    documents.map(({ recordKey }) => recordKey),
    ['a', '4'],
  );
  assert.deepEqual(
    problems.map(({ recordKey, code }) => [recordKey, code]),
    [
      ['2', 'document_malformed'],
      ['5', 'document_malformed'],
      ['6', 'document_empty'],
    ],
  );
  assert.match(problems[0]?.reason ?? '', /^line 2: /);
});

test('takes the title of a record without text for its text', () => {
  const { documents } = parseLines('{"id":"a","title":"Only a title","text":""}');
  assert.equal(documents[0]?.text, 'Only a title');
  assert.equal(documents[0]?.title, 'Only a title');
});

test('reports a second record with the same id', () => {
  const { documents, problems } = parseLines('{"id":"a","text":"x"}', '{"id":"a","text":"y"}');
  assert.equal(documents.length, 1);
  assert.match(problems[0]?.reason ?? '', /record 2: the id "a" occurs more than once/);
});

test('keeps a metadata key that is named like a part of objects', () => {
  const [document] = parseLines('{"text":"x","__proto__":"p","constructor":"c"}').documents;
  assert.deepEqual(Object.entries(document?.metadata ?? {}), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
});
