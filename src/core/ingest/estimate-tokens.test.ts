import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { estimateTokens } from './estimate-tokens.ts';

interface Golden {
  readonly cases: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

test('estimates the word pieces of the golden texts within fifteen percent overall', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../../model/golden.json', import.meta.url), 'utf8'),
  ) as Golden;
  const english = golden.cases.filter(
    ({ text }) => text.length < 4000 && /^[A-Z][a-z]+ [ -~\s]{60,}$/.test(text),
  );
  const estimated = english.reduce((sum, { text }) => sum + estimateTokens(text), 0);
  const counted = english.reduce((sum, { ids }) => sum + ids.length, 0);
  assert.ok(Math.abs(estimated / counted - 1) < 0.15, `${estimated} estimated, ${counted} counted`);
});

test('counts punctuation and ideographs one each and white space not at all', () => {
  assert.equal(estimateTokens(' \n\t '), 0);
  assert.equal(estimateTokens('(a, b).'), 6);
  assert.equal(estimateTokens('日本語。'), 4);
  assert.equal(estimateTokens('😀'), 1);
});

test('counts only the given range', () => {
  assert.equal(estimateTokens('one two three', 4, 7), estimateTokens('two'));
});
