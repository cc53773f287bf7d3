import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, type BlockText } from './assert-parsed.ts';
import { parseRst } from './rst.ts';

const blocksOf = (text: string): readonly BlockText[] => assertParsed(parseRst(text));

test('reads titles by the order of their adornments and docinfo as metadata', () => {
  const document = parseRst(
    '=====\nGuide\n=====\n:Author: Ann B\n:language: en\n\nOne\n---\n\nText.\n\nSub\n~~~\n\nTwo\n---\n',
  );
  assert.equal(document.title, 'Guide');
  assert.equal(document.language, 'en');
  assert.deepEqual(document.metadata, { author: 'Ann B', language: 'en' });
  assert.deepEqual(
    document.blocks.map(({ level }) => level),
    [1, 2, 0, 3, 2],
  );
  assertParsed(document);
});

test('strips inline markup', () => {
  const source =
    'With *em*, **strong**, ``lit *x*``, :ref:`see here <x>`, :class:`~a.b.C`, `link <http://x>`_, foo_ and |sub|, 2 * 3, a\\*b, snake_case_name.';
  assert.equal(
    parseRst(source).text,
    'With em, strong, lit *x*, see here, C, link, foo and sub, 2 * 3, a*b, snake_case_name.',
  );
});

test('reads lists with their continuations', () => {
  assert.equal(
    parseRst('- one\n  more\n- two\n\n  second\n\n  * nested\n1. first\n#. auto\n').text,
    '- one more\n- two\n  second\n  - nested\n1. first\n#. auto',
  );
});

test('reads literal blocks and code directives verbatim', () => {
  assert.deepEqual(
    blocksOf(
      'Example::\n\n    def f():\n        *x*\n\n    y\n\n.. code-block:: python\n   :linenos:\n\n   a = 1\n\nEnd.',
    ),
    [
      ['paragraph', 'Example:'],
      ['code', 'def f():\n    *x*\n\ny'],
      ['code', 'a = 1'],
      ['paragraph', 'End.'],
    ],
  );
});

test('keeps admonitions and drops comments, targets and directives without text', () => {
  const source =
    '.. _target:\n\n.. note:: Mind this\n   well.\n\n   More.\n\n.. a comment\n   with lines\n\n.. toctree::\n   :maxdepth: 2\n\n   a\n\n.. |s| replace:: x\n\n.. [1] Foot.\n\n.. versionadded:: 3.2\n';
  assert.deepEqual(blocksOf(source), [
    ['paragraph', 'Mind this well.'],
    ['paragraph', 'More.'],
    ['paragraph', '[1] Foot.'],
    ['paragraph', '3.2'],
  ]);
});

test('reads grid, simple and list tables as rows', () => {
  const grid = '+---+---+\n| A | B |\n+===+===+\n| 1 | 2 |\n|   | x |\n+---+---+\n';
  const simple = '===  ====\na    b\n===  ====\n1    2 2\n     more\n3    4\n===  ====\n';
  const list =
    '.. list-table:: Things\n   :header-rows: 1\n\n   * - K\n     - V\n   * - k\n     - v\n       w\n';
  assert.deepEqual(blocksOf(`${grid}\n${simple}\n${list}`), [
    ['table', 'A | B\n1 | 2 x'],
    ['table', 'a | b\n1 | 2 2 more\n3 | 4'],
    ['paragraph', 'Things'],
    ['table', 'K | V\nk | v w'],
  ]);
});

test('keeps terms, definitions, fields and signatures', () => {
  assert.deepEqual(
    blocksOf('Intro.\n\nterm\n   meaning\n\n.. function:: f(a)\n\n   Does f.\n\n   :param a: the a\n'),
    [
      ['paragraph', 'Intro.'],
      ['paragraph', 'term'],
      ['paragraph', 'meaning'],
      ['paragraph', 'f(a)'],
      ['paragraph', 'Does f.'],
      ['list_item', 'param a: the a'],
    ],
  );
});

test('takes hostile input', () => {
  for (const piece of ['`a ', '*a ', '|a ', ':a: ', '- ', '.. ', 'a::\n\n', '=== ===\n', '+-', '\t']) {
    const document = parseRst(`Start.\n\n${piece.repeat(30_000)}\n\nneedle`);
    assertParsed(document);
    assert.match(document.text, /Start/, piece);
  }
});
