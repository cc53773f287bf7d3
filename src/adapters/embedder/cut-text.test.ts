import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateTokens } from '../../core/ingest/estimate-tokens.ts';
import { cutText } from './cut-text.ts';

describe('cutting a text to a model', () => {
  it('leaves a text that fits as it is', () => {
    for (const text of ['', 'short', 'word '.repeat(400)]) assert.equal(cutText(text, 512), text);
  });

  it('keeps the start of a longer one, nearly as much as fits', () => {
    for (const text of ['word '.repeat(5000), 'x'.repeat(100_000), '漢'.repeat(3000)]) {
      const cut = cutText(text, 512);
      assert.ok(text.startsWith(cut));
      assert.ok(estimateTokens(cut) <= 460 && estimateTokens(cut) > 440, String(estimateTokens(cut)));
    }
  });
});
