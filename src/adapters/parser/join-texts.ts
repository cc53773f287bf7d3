import type { Block, ParsedDocument } from '../../core/documents/document.ts';

type Part = Pick<ParsedDocument, 'text' | 'blocks'>;

/** Parts of a document one after another, with a blank line between them; parts without blocks are left out. */
export function joinTexts(parts: readonly Part[]): Part {
  const texts: string[] = [];
  const blocks: Block[] = [];
  let length = 0;
  for (const { text, blocks: own } of parts) {
    if (own.length === 0) continue;
    for (const block of own) blocks.push({ ...block, start: block.start + length, end: block.end + length });
    texts.push(text);
    length += text.length + 2;
  }
  return { text: texts.join('\n\n'), blocks };
}
