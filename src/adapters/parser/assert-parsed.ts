import assert from 'node:assert/strict';
import type { BlockKind, ParsedDocument } from '../../core/documents/document.ts';

/** What tests compare of a block. */
export type BlockText = readonly [kind: BlockKind, text: string];

/** Asserts what holds for every parsed document, and gives its blocks as kind and text. */
export function assertParsed(document: ParsedDocument): readonly BlockText[] {
  const { text, blocks } = document;
  assert.ok(text.isWellFormed(), 'the text has lone surrogates');
  assert.ok(!/[\0\r]/.test(text), 'the text is not normalised');
  let previousEnd = 0;
  for (const { start, end, kind, level, label } of blocks) {
    assert.ok(start >= previousEnd, `a block starts at ${start}, before ${previousEnd}`);
    assert.ok(end <= text.length, `a block ends at ${end}, after ${text.length}`);
    if (label === undefined) assert.ok(/\S/.test(text.slice(start, end)), `the block at ${start} is empty`);
    else assert.ok(kind === 'heading' && start === end, `the block at ${start} has a label`);
    assert.equal(text.slice(previousEnd, start).trim(), '', `text before ${start} is in no block`);
    assert.ok(kind === 'heading' ? level >= 1 && level <= 6 : level === 0, `${kind} has level ${level}`);
    previousEnd = end;
  }
  assert.equal(text.slice(previousEnd).trim(), '', 'text after the last block is in no block');
  return blocks.map(({ kind, start, end, label }) => [kind, label ?? text.slice(start, end)]);
}
