import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, type BlockText } from './assert-parsed.ts';
import { textParser } from './text.ts';

function blocksOf(text: string, name: string): readonly BlockText[] {
  const [document] = textParser.parse({ text, name }).documents;
  assert.ok(document !== undefined);
  assert.equal(document.text, text);
  return assertParsed(document);
}

test('makes a paragraph of every run of lines and keeps the text as it is', () => {
  assert.deepEqual(blocksOf('\n\nOne\nwrapped.\n \n\n  Two.\n\n\n', 'notes.txt'), [
    ['paragraph', 'One\nwrapped.'],
    ['paragraph', '  Two.'],
  ]);
});

test('makes code of every block of a source file', () => {
  assert.deepEqual(blocksOf('# comment\nx = 1\n\n    return x\n', 'a.lua'), [
    ['code', '# comment\nx = 1'],
    ['code', '    return x'],
  ]);
  assert.deepEqual(blocksOf('FROM node\n', 'Dockerfile'), [['code', 'FROM node']]);
});

test('makes table rows of comma-separated values', () => {
  assert.deepEqual(blocksOf('a,b\n1,2\n', 'a.csv'), [['table', 'a,b\n1,2']]);
});

test('tells code from prose where the name says nothing', () => {
  const text = 'Some words about it.\nAnd more of them.\n\nfunction f() {\n  return 1;\n}';
  assert.deepEqual(
    blocksOf(text, 'Release 1.2 notes').map(([kind]) => kind),
    ['paragraph', 'code'],
  );
});
