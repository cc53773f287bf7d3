import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../core/errors.ts';
import { assertParsed } from './assert-parsed.ts';
import { notebookParser } from './notebook.ts';

const parse = (value: unknown) =>
  notebookParser.parse({ text: typeof value === 'string' ? value : JSON.stringify(value), name: 'a.ipynb' });

test('reads prose, code and textual outputs in order', () => {
  const [document] = parse({
    nbformat: 4,
    metadata: { kernelspec: { language: 'python', name: 'python3' } },
    cells: [
      { cell_type: 'markdown', source: ['# Loading data\n', '\n', 'We read *two* files.'] },
      {
        cell_type: 'code',
        source: ['import json\n', 'print(1)'],
        outputs: [
          { output_type: 'stream', name: 'stdout', text: ['\u001b[31m1\u001b[0m\n'] },
          { output_type: 'display_data', data: { 'image/png': 'iVBORw0KGgo=' } },
          { output_type: 'execute_result', data: { 'text/plain': '42', 'text/html': '<b>42</b>' } },
          { output_type: 'error', ename: 'KeyError', evalue: "'x'", traceback: ['...'] },
        ],
      },
      { cell_type: 'raw', source: 'raw words' },
      { cell_type: 'code', source: '', outputs: [] },
    ],
  }).documents;
  assert.ok(document !== undefined);
  assert.equal(document.title, 'Loading data');
  assert.deepEqual(document.metadata, { kernel_language: 'python' });
  assert.deepEqual(assertParsed(document), [
    ['heading', 'Loading data'],
    ['paragraph', 'We read two files.'],
    ['code', 'import json\nprint(1)'],
    ['code', '1'],
    ['code', '42'],
    ['code', "KeyError: 'x'"],
    ['code', 'raw words'],
  ]);
});

test('reads the worksheets of format 3', () => {
  const cells = [
    { cell_type: 'heading', level: 2, source: ['Plot'] },
    { cell_type: 'code', input: 'plot(x)', outputs: [{ output_type: 'pyout', text: ['<Figure>'] }] },
  ];
  const [document] = parse({ nbformat: 3, metadata: {}, worksheets: [{ cells }] }).documents;
  assert.ok(document !== undefined);
  assert.deepEqual(assertParsed(document), [
    ['heading', 'Plot'],
    ['code', 'plot(x)'],
    ['code', '<Figure>'],
  ]);
});

const hasCode = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;

test('says what is wrong with a broken or an empty notebook', () => {
  assert.throws(() => parse('{"cells": ['), hasCode('document_malformed'));
  assert.throws(() => parse({ a: 1 }), hasCode('document_malformed'));
  assert.throws(
    () => parse({ cells: [{ cell_type: 'code', source: '' }, 1, null] }),
    hasCode('document_empty'),
  );
});
