import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed } from './assert-parsed.ts';
import { yamlParser } from './yaml.ts';

const parse = (text: string) => yamlParser.parse({ text, name: 'a.yaml' });

test('keeps configuration as it is written, with a section for each top-level key', () => {
  const text =
    '# Where it listens.\nserver:\n  port: 80\n\n  host: x\n"my key": [1]\n---\nother: {{ .Values.a }}\n';
  const [document] = parse(text).documents;
  assert.ok(document !== undefined);
  assert.equal(document.text, text);
  assert.deepEqual(assertParsed(document), [
    ['code', '# Where it listens.'],
    ['heading', 'server'],
    ['code', 'server:\n  port: 80'],
    ['code', '  host: x'],
    ['heading', 'my key'],
    ['code', '"my key": [1]\n---'],
    ['heading', 'other'],
    ['code', 'other: {{ .Values.a }}'],
  ]);
});

test('makes a document of every record', () => {
  const { documents } = parse('- id: a\n  title: One\n  text: |\n    First.\n- id: b\n  text: Second.\n');
  assert.deepEqual(
    documents.map(({ recordKey, title, text }) => [recordKey, title, text]),
    [
      ['a', 'One', 'First.\n'],
      ['b', null, 'Second.'],
    ],
  );
});

test('reads a bomb of aliases and a deep nest as text', () => {
  const levels = Array.from({ length: 30 }, (_, at) => `k${at + 1}: &k${at + 1} [*k${at}, *k${at}, *k${at}]`);
  for (const text of [
    `text: a\nk0: &k0 [x]\n${levels.join('\n')}\n`,
    `text: ${'['.repeat(20_000)}`,
    `text:\n${Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')}`,
  ]) {
    const [document] = parse(text).documents;
    assert.ok(document !== undefined);
    assertParsed(document);
  }
});
