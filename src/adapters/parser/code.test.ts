import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ParsedDocument } from '../../core/documents/document.ts';
import { splitDocument } from '../../core/ingest/split.ts';
import { assertParsed } from './assert-parsed.ts';
import { codeParser, interpreterOf } from './code.ts';

const FIXTURES = new URL('../../../test/fixtures/formats/code/', import.meta.url);
const outlines = JSON.parse(readFileSync(new URL('outlines.json', FIXTURES), 'utf8')) as Record<
  string,
  readonly string[]
>;

function parse(text: string, name: string): ParsedDocument {
  const [document] = codeParser.parse({ text, name }).documents;
  assert.ok(document !== undefined);
  assert.equal(document.text, text);
  assertParsed(document);
  return document;
}

/** The runs of blocks of one section as `first-last line path`. */
function outline({ text, blocks }: ParsedDocument): string[] {
  const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
  const path: string[] = [];
  const runs: { path: string; from: number; to: number }[] = [];
  for (const { kind, level, label = '', start, end } of blocks) {
    if (kind === 'heading') path.splice(level - 1, path.length, label);
    else {
      const name = path.filter((part) => part !== '').join(' > ');
      const last = runs.at(-1);
      if (last?.path === name) last.to = lineOf(end);
      else runs.push({ path: name, from: lineOf(start), to: lineOf(end) });
    }
  }
  return runs.map((run) => `${run.from}-${run.to} ${run.path}`.trim());
}

describe('source code', () => {
  for (const [file, expected] of Object.entries(outlines))
    it(`cuts ${file} by its definitions`, () => {
      const text = readFileSync(new URL(file, FIXTURES), 'utf8').replaceAll('\r\n', '\n');
      assert.deepEqual(outline(parse(text, file)), expected);
    });

  it('gives a chunk the names of what it is in', () => {
    const body = '    return [\n      row\n      for row in table\n      if row\n    ]\n'.repeat(3);
    const document = parse(`class Table:\n  """Rows."""\n\n  def rows(self):\n${body}`, 'a.py');
    const chunks = splitDocument(document, { targetTokens: 20, maxTokens: 200 });
    assert.deepEqual(chunks.at(-1)?.headingPath, ['Table', 'rows']);
  });

  it('takes comments and attributes above a definition along', () => {
    const text = 'let a = 1;\n\n// What it is for.\n#[inline]\nfn run() {\n  one();\n}\n';
    assert.deepEqual(outline(parse(text, 'a.rs')), ['1-1', '3-7 run']);
  });

  it('is not misled by braces and quotes in strings, comments and patterns', () => {
    const text = [
      'function one() {',
      '  const open = "{", tick = `{ ${"}"} {`; // {',
      "  /* { ' */ return /[{/'\"]/.test(open) || '{';",
      '}',
      'function two() {',
      '  return 1;',
      '',
      '}',
    ].join('\n');
    assert.deepEqual(outline(parse(text, 'a.js')), ['1-4 one', '5-8 two']);
  });

  it('counts the first branch of a preprocessor condition', () => {
    const text =
      '#if A\nint f(int a) {\n#else\nint f(void) {\n#endif\n  return 1;\n}\nint g(void)\n{\n  return 2;\n}\n';
    assert.deepEqual(outline(parse(text, 'a.c')), ['1-7 f', '8-11 g']);
  });

  it('knows a script by its first line', () => {
    assert.equal(interpreterOf('#!/usr/bin/env python3\n'), 'py');
    assert.equal(interpreterOf('#!/bin/bash -e\n'), 'sh');
    assert.equal(interpreterOf('#!/usr/bin/awk\n'), null);
    assert.deepEqual(outline(parse('#!/bin/sh\n\nrun() {\n  a\n  b\n}\n', 'deploy')), ['1-1', '3-6 run']);
  });

  it('takes the language from the comments, and English without them', () => {
    const comment =
      '# Diese Funktion sichert alle Dokumente in ein neues Verzeichnis und prüft sie danach.\n'.repeat(4);
    assert.equal(parse(`${comment}def f():\n  pass\n`, 'a.py').language, 'de');
    assert.equal(parse('def f():\n  pass\n', 'a.py').language, 'en');
  });

  it('ends on code that is broken, never closed or nested without end', () => {
    const hostile = [
      '}'.repeat(5000),
      '{'.repeat(20_000),
      'class A {'.repeat(5000),
      'namespace a { '.repeat(5000),
      `/* ${'x'.repeat(5000)}`,
      '"""'.repeat(3001),
      `${'f('.repeat(10_000)}{`,
      `const a = ${'['.repeat(5000)}`,
      'def a(\n'.repeat(3000),
      ` ${'\t'.repeat(5000)}x`,
      '<<A '.repeat(2000),
      '#if A\n'.repeat(3000),
      '#else\n'.repeat(3000),
      'CREATE TABLE '.repeat(3000),
      "'".repeat(4001),
      '$a$'.repeat(3001),
      '(/'.repeat(5000),
      'function a(b){return c(b)};'.repeat(5000),
    ];
    for (const name of Object.keys(outlines)) for (const text of hostile) parse(text, name);
  });
});
