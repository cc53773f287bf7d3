import { invisibleSpans, withoutInvisible } from '../../lib/invisible.ts';
import type { Block, ParsedDocument } from '../documents/document.ts';

/**
 * The document as a reader sees it: characters that nobody sees are taken out of text, title and headings, so that they
 * can neither hide words from people nor words from the search. Spans follow.
 */
export function visibleDocument(document: ParsedDocument): ParsedDocument {
  const title = document.title === null ? null : withoutInvisible(document.title);
  const removed = invisibleSpans(document.text);
  if (removed.length === 0) return title === document.title ? document : { ...document, title };
  const text = withoutInvisible(document.text);
  const moved = mover(removed);
  const blocks = document.blocks.map((block): Block =>
    Object.assign({}, block, { start: moved(block.start), end: moved(block.end) }),
  );
  return { ...document, title, text, blocks: blocks.filter((block) => hasText(block, text)) };
}

function hasText({ start, end, label }: Block, text: string): boolean {
  return label !== undefined || text.slice(start, end).trim() !== '';
}

/** Offsets after the removal; asked for in ascending order. */
function mover(removed: ReturnType<typeof invisibleSpans>): (offset: number) => number {
  let next = 0;
  let gone = 0;
  return (offset) => {
    for (let span = removed[next]; span !== undefined && span.end <= offset; span = removed[++next])
      gone += span.end - span.start;
    return offset - gone;
  };
}
