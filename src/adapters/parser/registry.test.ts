import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMATS } from '../../core/documents/document.ts';
import { HoldfastError } from '../../core/errors.ts';
import { splitDocument } from '../../core/ingest/split.ts';
import { assertParsed } from './assert-parsed.ts';
import { formatOf, parseFile } from './registry.ts';

test('tells the format by the extension', () => {
  const names = [
    'a.md',
    'b/C.MDX',
    'x.txt',
    'x.html',
    'x.rst',
    'x.json',
    'x.jsonl',
    'main.ts',
    'Makefile',
    'README',
    'data.csv',
  ];
  assert.deepEqual(
    names.map((name) => formatOf(name)),
    ['markdown', 'mdx', 'text', 'html', 'rst', 'json', 'jsonl', 'code', 'text', 'text', 'csv'],
  );
});

test('tells the format by the media type and the first bytes where the name says nothing', () => {
  assert.equal(formatOf('page', undefined, 'text/html; charset=utf-8'), 'html');
  assert.equal(formatOf('x.md', undefined, 'text/plain'), 'markdown');
  assert.equal(formatOf('page', Buffer.from(' <!-- c -->\n<!DOCTYPE html><p>')), 'html');
  assert.equal(formatOf('page', Buffer.from('plain words')), 'text');
  assert.equal(formatOf('page', undefined, 'text/x-unknown'), 'text');
  assert.equal(formatOf('deploy', Buffer.from('#!/bin/sh\necho')), 'code');
  assert.equal(formatOf('talk', Buffer.from('\ufeffWEBVTT\n')), 'subtitles');
});

test('knows no format of images and unknown binary files', () => {
  assert.equal(formatOf('a.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')), null);
  assert.equal(formatOf('a.svg', Buffer.from('<svg/>')), null);
  assert.equal(formatOf('a.bin'), null);
});

const HOSTILE = [
  '\ud83d\ude00 astral \u0301 text',
  '   ',
  '<'.repeat(2000),
  '{"text":',
  '# \n\n- \n\n> \n\n```\n```\n',
  '---\n---\n',
  '|a|\n|-|\n',
  `${'x'.repeat(5000)} ${'> - '.repeat(3000)}`,
  '<table><tr><td>x<table><tr><td>y</table>',
  '.. note::\n\n::\n\n  code\n',
  'import x from "y"\n\n<A>{`b`}</A>',
];

for (const format of FORMATS) {
  test(`parses ${format} into blocks that can be split, or says why not`, async () => {
    for (const text of HOSTILE) {
      try {
        const { documents } = await parseFile(format, { bytes: Buffer.from(text), name: 'x' });
        for (const document of documents) {
          assertParsed(document);
          assert.ok(splitDocument(document, { maxTokens: 100 }).length > 0);
        }
      } catch (error) {
        assert.ok(error instanceof HoldfastError, String(error));
        assert.match(error.code, /^document_(?:empty|malformed|binary)$/);
      }
    }
  });
}
