import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block, BlockKind } from '../documents/document.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { splitDocument, type SplitOptions } from './split.ts';

type Part = readonly [kind: BlockKind, text: string, level?: number];

function documentOf(parts: readonly Part[]): { text: string; blocks: Block[] } {
  let text = '';
  const blocks: Block[] = [];
  for (const [kind, content, level = 0] of parts) {
    if (text !== '') text += '\n\n';
    blocks.push({ kind, level, start: text.length, end: text.length + content.length });
    text += content;
  }
  return { text, blocks };
}

function split(parts: readonly Part[], options: SplitOptions) {
  const document = documentOf(parts);
  return splitDocument(document, options).map(({ start, end, headingPath }) => ({
    text: document.text.slice(start, end),
    path: headingPath.join(' > '),
  }));
}

const words = (count: number, word = 'word') => Array.from({ length: count }, () => word).join(' ');
const sentences = (count: number, length = 9) =>
  Array.from({ length: count }, (_, i) => `S${'abcdefghij'[i % 10]} ${words(length - 1)}.`).join(' ');

test('keeps a short section whole and gives its heading path', () => {
  const chunks = split(
    [
      ['heading', 'Guide', 1],
      ['paragraph', 'Intro.'],
      ['heading', 'Backups', 2],
      ['paragraph', words(60)],
      ['heading', 'Restore', 2],
      ['paragraph', words(80)],
    ],
    { targetTokens: 90, maxTokens: 120 },
  );
  assert.deepEqual(
    chunks.map(({ path, text }) => [path, text.length]),
    [
      ['Guide', 'Intro.\n\nBackups\n\n'.length + words(60).length],
      ['Guide > Restore', words(80).length],
    ],
  );
});

test('never puts text of one section into the chunk of its sibling', () => {
  const parts: Part[] = [
    ['heading', 'A', 2],
    ['paragraph', 'One.'],
    ['heading', 'B', 2],
    ['paragraph', 'Two.'],
  ];
  assert.deepEqual(split(parts, { maxTokens: 100 }), [
    { text: 'One.', path: 'A' },
    { text: 'Two.', path: 'B' },
  ]);
  assert.deepEqual(split(parts, { maxTokens: 100, mergeSiblings: true }), [
    { text: 'A\n\nOne.\n\nB\n\nTwo.', path: '' },
  ]);
});

test('cuts a long paragraph at sentence borders into even parts', () => {
  const chunks = split([['paragraph', sentences(23)]], { targetTokens: 100, maxTokens: 140 });
  assert.ok(chunks.every(({ text }) => text.startsWith('S') && text.endsWith('.')));
  const sizes = chunks.map(({ text }) => estimateTokens(text));
  assert.ok(Math.min(...sizes) > 60, `sizes ${sizes.join(', ')}`);
});

test('cuts code and tables at line ends', () => {
  const code = Array.from({ length: 80 }, (_, i) => `  call(${i});`).join('\n');
  const chunks = split([['code', code]], { targetTokens: 60, maxTokens: 90 });
  assert.ok(chunks.length > 3);
  assert.ok(chunks.every(({ text }) => text.endsWith(');') && text.trim().startsWith('call')));
});

test('keeps a list together with the sentence that introduces it', () => {
  const chunks = split(
    [
      ['paragraph', words(70)],
      ['paragraph', `${words(20)}:`],
      ['list_item', `- ${words(20)}`],
      ['list_item', `- ${words(20)}`],
      ['paragraph', words(70)],
    ],
    { targetTokens: 80, maxTokens: 120 },
  );
  const list = chunks.find(({ text }) => text.includes('- word'));
  assert.ok(list?.text.includes(':\n\n- '), JSON.stringify(chunks));
});

test('cuts a line without spaces between characters, never inside a surrogate pair', () => {
  const document = documentOf([['paragraph', '😀'.repeat(1001)]]);
  const chunks = splitDocument(document, { targetTokens: 51, maxTokens: 60 });
  assert.equal(chunks.map(({ start, end }) => document.text.slice(start, end)).join(''), document.text);
  for (const { start, end } of chunks) assert.ok(document.text.slice(start, end).isWellFormed());
});

test('makes a document of headings only searchable by its headings', () => {
  const chunks = split(
    [
      ['heading', 'One', 1],
      ['heading', 'Two', 2],
    ],
    { maxTokens: 100 },
  );
  assert.deepEqual(chunks, [{ text: 'One\n\nTwo', path: '' }]);
});

test('repeats the last sentences of the chunk before when asked to', () => {
  const chunks = split([['paragraph', sentences(20)]], {
    targetTokens: 50,
    maxTokens: 100,
    overlapSentences: 1,
  });
  assert.ok(chunks.length > 3);
  for (let i = 1; i < chunks.length; i++) {
    const opening = chunks[i]?.text.split('. ')[0] ?? '';
    assert.ok(chunks[i - 1]?.text.includes(opening));
  }
});

test('gives the page of the first block', () => {
  const document = documentOf([
    ['paragraph', words(30)],
    ['paragraph', words(30)],
  ]);
  const blocks = document.blocks.map((block, i) => ({ ...block, page: i + 4 }));
  assert.deepEqual(
    splitDocument({ text: document.text, blocks }, { targetTokens: 30, maxTokens: 40 }).map(
      ({ page }) => page,
    ),
    [4, 5],
  );
});

test('gives no chunks for an empty document', () => {
  assert.deepEqual(splitDocument({ text: '', blocks: [] }, { maxTokens: 100 }), []);
});

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomParts(seed: number): Part[] {
  const random = randomFrom(seed);
  const kinds: BlockKind[] = [
    'heading',
    'paragraph',
    'paragraph',
    'list_item',
    'list_item',
    'quote',
    'code',
    'table',
  ];
  const pool = [
    'word',
    'Word.',
    'e.g.',
    'x'.repeat(300),
    '日本語。',
    '😀',
    'a\nb',
    '\n  ',
    '!?',
    '1.',
    'unbelievable',
  ];
  return Array.from({ length: 1 + random(30) }, () => {
    const kind = kinds[random(kinds.length)] ?? 'paragraph';
    const length = 1 + random(random(4) === 0 ? 300 : 30);
    const content = Array.from({ length }, () => pool[random(pool.length)])
      .join(' ')
      .trim();
    return [kind, content === '' ? 'x' : content, kind === 'heading' ? 1 + random(6) : 0];
  });
}

test('covers every character outside of headings exactly once and keeps the limit, for random documents', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const document = documentOf(randomParts(seed));
    const maxTokens = 20 + (seed % 200);
    const chunks = splitDocument(document, {
      targetTokens: 10 + (seed % 150),
      maxTokens,
      mergeSiblings: seed % 2 === 0,
    });
    const covered = new Uint8Array(document.text.length);
    for (const { start, end } of chunks) {
      for (let i = start; i < end; i++) covered[i] = (covered[i] ?? 0) + 1;
      const text = document.text.slice(start, end);
      assert.equal(text, text.trim(), `seed ${seed}: not trimmed`);
      assert.ok(text.isWellFormed());
      assert.ok(
        estimateTokens(text) <= maxTokens + 1e-6,
        `seed ${seed}: ${estimateTokens(text)} > ${maxTokens}`,
      );
    }
    for (const block of document.blocks.filter(({ kind }) => kind !== 'heading')) {
      for (let i = block.start; i < block.end; i++) {
        const expected = document.text.charAt(i).trim() === '' ? 'any' : 1;
        assert.ok(expected === 'any' || covered[i] === expected, `seed ${seed}: ${covered[i]} at ${i}`);
      }
    }
    assert.ok(
      covered.every((count) => count < 2),
      `seed ${seed}: overlap`,
    );
  }
});
