import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedDocument } from '../documents/document.ts';
import { visibleDocument } from './visible-document.ts';

function parsed(...texts: readonly string[]): ParsedDocument {
  let text = '';
  const blocks = texts.map((part) => {
    const start = text.length;
    text += `${part}\n\n`;
    return { kind: 'paragraph', level: 0, start, end: start + part.length } as const;
  });
  return { recordKey: null, title: 'T\u200bitle', uri: null, text, blocks, metadata: {}, language: null };
}

test('takes out what nobody sees and moves the spans', () => {
  const { title, text, blocks } = visibleDocument(
    parsed('O\u200bne\u2060.', '\u200b\u200b', 'T\u{e0041}wo.', 'Three.'),
  );
  assert.equal(title, 'Title');
  assert.deepEqual(
    blocks.map(({ start, end }) => text.slice(start, end)),
    ['One.', 'Two.', 'Three.'],
  );
});

test('gives back a document that hides nothing', () => {
  const plain = { ...parsed('One.', 'Two.'), title: 'Title' };
  assert.equal(visibleDocument(plain), plain);
});
