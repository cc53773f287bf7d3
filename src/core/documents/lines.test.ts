import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Chunk } from './document.ts';
import { hasLines, linesOf, withLines } from './lines.ts';

const TEXT = 'one\ntwo\n\nfour four\nfive';

function chunkOf(start: number, end: number): Chunk {
  return { ordinal: 0, start, end, headingPath: [], page: null };
}

/** The lines of a word of the text, by way of a chunk from `start` to `end`. */
function lines(word: string, start = 0, end = TEXT.length) {
  const [chunk] = withLines(TEXT, [chunkOf(start, end)]);
  assert.ok(chunk !== undefined);
  const at = TEXT.indexOf(word);
  return linesOf({ ...chunk, text: TEXT.slice(start, end) }, { start: at, end: at + word.length });
}

describe('lines of the original', () => {
  it('are counted from 1', () => {
    assert.deepEqual(lines('one'), { start: 1, end: 1 });
    assert.deepEqual(lines('five'), { start: 5, end: 5 });
  });

  it('are those of a part that spans several', () => {
    assert.deepEqual(lines('two\n\nfour'), { start: 2, end: 4 });
  });

  it('end with the line whose end is part of it', () => {
    assert.deepEqual(lines('two\n'), { start: 2, end: 2 });
  });

  it('are the same however far the chunk begins', () => {
    const at = TEXT.indexOf('two');
    assert.deepEqual(lines('four four', at), { start: 4, end: 4 });
    assert.deepEqual(lines('four four', TEXT.indexOf('four')), { start: 4, end: 4 });
    assert.deepEqual(lines('four four', TEXT.indexOf('four') - 1), { start: 4, end: 4 });
  });

  it('are counted once for all chunks of a text', () => {
    const chunks = withLines(TEXT, [chunkOf(0, 3), chunkOf(4, 7), chunkOf(9, TEXT.length)]);
    assert.deepEqual(
      chunks.map(({ line }) => line),
      [1, 2, 4],
    );
  });

  it('are none where the text is not the original line by line', () => {
    assert.equal(linesOf({ text: TEXT, start: 0 }, { start: 0, end: 3 }), null);
    assert.deepEqual(
      [hasLines('code'), hasLines('text'), hasLines('markdown'), hasLines(null)],
      [true, true, false, false],
    );
  });
});
