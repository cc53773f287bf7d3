import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, type BlockText } from './assert-parsed.ts';
import { parseMarkdown } from './markdown.ts';

const blocksOf = (text: string): readonly BlockText[] => assertParsed(parseMarkdown(text));

test('reads headings, paragraphs, quotes and code', () => {
  const source =
    '# Title {#id}\n\nSoft\nwrap.  \nHard.\n\nSub\n---\n\n> Quoted\n> text\n\n```ts\n  a;\n\n  b;\n```\n\n    indented\n';
  assert.deepEqual(blocksOf(source), [
    ['heading', 'Title'],
    ['paragraph', 'Soft wrap.\nHard.'],
    ['heading', 'Sub'],
    ['quote', 'Quoted text'],
    ['code', '  a;\n\n  b;'],
    ['code', 'indented'],
  ]);
});

test('strips inline markup', () => {
  const source =
    '**Bold** *em* ~~gone~~ `co*de` [link *x*](http://a.b "t") ![alt](i.png) <b>tag</b> &amp; &copy; \\*no\\* <http://c.d> [ref]<!-- hidden -->\n\n[ref]: http://x';
  assert.deepEqual(blocksOf(source), [
    ['paragraph', 'Bold em gone co*de link x alt tag & © *no* http://c.d ref'],
  ]);
});

test('writes list items with their markers and indentation', () => {
  const document = parseMarkdown('- one\n- two\n\n  more\n\n  1. deep\n  2. deeper\n\n3. three\n');
  assert.equal(document.text, '- one\n- two\n  more\n  1. deep\n  2. deeper\n3. three');
  assert.ok(assertParsed(document).every(([kind]) => kind === 'list_item'));
});

test('writes a table row on each line', () => {
  assert.deepEqual(blocksOf('| a | **b** |\n|---|---|\n| 1 | `2` |\n'), [['table', 'a | b\n1 | 2']]);
});

test('reads HTML blocks as HTML', () => {
  const source =
    '<div align="center">\n<h2>Name</h2>\n<p>Text <!-- no --></p>\n</div>\n\n<script>x()</script>\n\n<table><tr><td>1</td><td>2</td></tr></table>\n';
  assert.deepEqual(blocksOf(source), [
    ['heading', 'Name'],
    ['paragraph', 'Text'],
    ['table', '1 | 2'],
  ]);
});

test('keeps the title of a container directive and drops its fences', () => {
  assert.deepEqual(blocksOf(':::note Mind this\nText.\n:::\n'), [['paragraph', 'Mind this Text.']]);
});

test('takes title, language and flat metadata from front matter', () => {
  const source =
    '---\ntitle: "Disaster: recovery"\nlang: de-AT\ntags: [a, 2]\nnested: { x: 1 }\ndraft: false\n---\n# Heading\n';
  const document = parseMarkdown(source);
  assert.equal(document.title, 'Disaster: recovery');
  assert.equal(document.language, 'de');
  assert.deepEqual(document.metadata, { tags: ['a', 2], draft: false });
  assert.equal(document.text, 'Heading');
});

test('reads front matter that is not valid YAML line by line, and TOML', () => {
  assert.equal(parseMarkdown('---\ntitle: Foo: bar\n---\nText').title, 'Foo: bar');
  assert.deepEqual(parseMarkdown('+++\ntitle = "T"\nweight = 3\n+++\nText').metadata, { weight: 3 });
});

test('does not mistake a rule for front matter', () => {
  assert.equal(parseMarkdown('---\nJust text.\n\n---\nMore.').text, 'Just text.\n\nMore.');
});

test('takes the first level 1 heading as title', () => {
  assert.equal(parseMarkdown('## Two\n\n# One *x*\n').title, 'One x');
  assert.equal(parseMarkdown('Text').title, null);
});

test('keeps the text of input that is nested too deep for Markdown', () => {
  const shapes = [
    '>'.repeat(100_000),
    '> '.repeat(100_000),
    '- '.repeat(100_000),
    '['.repeat(100_000),
    '*'.repeat(100_000) + ' ',
  ];
  for (const shape of shapes) {
    const document = parseMarkdown(`${shape}needle`);
    assertParsed(document);
    assert.ok(document.text.endsWith('needle'), shape.slice(0, 4));
  }
  const stairs = Array.from({ length: 1000 }, (_, i) => `${' '.repeat(2 * i)}- item${i}.`).join('\n');
  assert.match(parseMarkdown(stairs).text, /item999\./);
});

test('reads a line of five megabytes', () => {
  const document = parseMarkdown('word [link](http://a.b) *em* '.repeat(180_000));
  assertParsed(document);
  assert.equal(document.text, 'word link em '.repeat(180_000).trim());
});

test('loses nothing between scripts without spaces', () => {
  assert.equal(parseMarkdown('日本語の\n文章').text, '日本語の文章');
});
