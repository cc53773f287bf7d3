import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentenceSpans } from './sentences.ts';

function sentences(text: string): string[] {
  return sentenceSpans(text, 0, text.length).map(({ start, end }) => text.slice(start, end));
}

/** Sentences are separated by `¦` in the given text. */
function splitsAs(marked: string): void {
  assert.deepEqual(
    sentences(marked.replaceAll('¦', '')),
    marked.split('¦').map((part) => part.trim()),
  );
}

test('splits after stops that are followed by white space', () => {
  splitsAs('Backups run daily at 02:00. ¦They are kept for 30 days! ¦Are they tested? ¦Yes.');
  splitsAs('i like it. ¦it is good. ¦really');
});

test('keeps abbreviations, initials and titles together', () => {
  splitsAs('Dr. Smith met Mr. J. R. Jones in the U.S. capital. ¦They talked.');
  splitsAs('Use a cache, e.g. Redis, i.e. a fast store. ¦Next.');
  splitsAs('See Fig. 3 and No. 5 in Vol. 2. ¦Done.');
  splitsAs('Smith et al. showed this. ¦We agree with Smith et al. ¦However, some do not.');
  splitsAs('It has logs, metrics, etc. and more. ¦It has traces, etc. ¦The rest is free.');
  splitsAs('He moved to the U.S. ¦The move was hard.');
  splitsAs('Is that so? ¦No. ¦That is wrong.');
});

test('keeps numbers, versions, file names and addresses together', () => {
  splitsAs(
    'Version 1.2.3 costs $4.50 in config.yaml. ¦See https://example.com/a.b?c=d. ¦Then run ./x.sh now.',
  );
  splitsAs('1. Install it. ¦Then start it.');
});

test('keeps closing quotes and brackets with their sentence', () => {
  splitsAs('"Stop!" he said. ¦He left (at last.) ¦“Go.” ¦She went.');
  splitsAs('Well ... maybe not... ¦Or so… ¦Yes.');
});

test('splits ideographic text without white space', () => {
  splitsAs('今日は晴れです。¦明日は雨でしょう！¦「本当？」¦はい');
});

test('splits at spaced stops as in old test collections', () => {
  splitsAs('the lift was measured . ¦a theory is given . ¦it agrees well .');
});

test('ends sentences at blank lines, list items and table rows, not at single line ends', () => {
  splitsAs('A heading\n\n¦A wrapped\nline of text\n ¦- first\n¦- second\n¦1. third\n\n¦a | b\n¦1 | 2');
});

test('covers every character but white space in a given range', () => {
  const text = 'One. Two. Three. Four.';
  assert.deepEqual(
    sentenceSpans(text, 5, 16).map(({ start, end }) => text.slice(start, end)),
    ['Two.', 'Three.'],
  );
  assert.deepEqual(sentences(' \n '), []);
});

test('takes hostile input without losing characters', () => {
  for (const piece of ['. ', '.', 'a.', '?!" ', '\n', 'Mr. ', '1. ', ' | \n']) {
    const text = piece.repeat(20_000);
    const kept = sentences(text).join('').replace(/\s/g, '').length;
    assert.equal(kept, text.replace(/\s/g, '').length, JSON.stringify(piece));
  }
});
