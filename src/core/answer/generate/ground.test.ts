import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ground, type GroundTools } from './ground.ts';

const tools: GroundTools = {
  terms: (text) =>
    [...text.toLowerCase().matchAll(/[a-z0-9:]+/g)].map((match) => ({
      term: match[0],
      start: match.index,
      end: match.index + match[0].length,
    })),
  embed: () => new Float32Array(4),
};

const PASSAGES = [
  { text: 'Intro words. Backups run daily at 02:00. They are kept for 30 days.', start: 100, language: 'en' },
  { text: 'The port is 8600.', start: 0, language: 'en' },
];

test('cites the sentence of the passage that supports the marked sentence', () => {
  const { supports, unsupported } = ground(
    'Backups run daily at 02:00 [1]. The port is 8600. [2]',
    PASSAGES,
    tools,
  );
  assert.deepEqual(
    supports.map(({ marker, quote, start }) => [marker, quote, start]),
    [
      [1, 'Backups run daily at 02:00.', 113],
      [2, 'The port is 8600.', 0],
    ],
  );
  assert.deepEqual(unsupported, []);
});

test('flags a sentence that its passage does not support, and one without a marker', () => {
  const answer = 'Backups are encrypted with magic wands [1]. The moon is cheese.';
  const { supports, unsupported } = ground(answer, PASSAGES, tools);
  assert.deepEqual(supports, []);
  assert.deepEqual(
    unsupported.map(({ start, end }) => answer.slice(start, end)),
    ['Backups are encrypted with magic wands [1].', 'The moon is cheese.'],
  );
});

test('does not count a marker of another passage as support', () => {
  const { supports } = ground('The port is 8600 [1].', PASSAGES, tools);
  assert.deepEqual(supports, []);
});
