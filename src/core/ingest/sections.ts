import type { Block, Span } from '../documents/document.ts';
import { estimateTokens } from './estimate-tokens.ts';

/** A heading with what stands under it, down to the next heading of its level; the root has no heading. */
export interface Section extends Span {
  /** 0 for the root. */
  readonly level: number;
  readonly heading: Block | null;
  /** Heading texts from the outermost to this section's own. */
  readonly path: readonly string[];
  /** The blocks before the first subsection. */
  readonly blocks: readonly Block[];
  readonly sections: readonly Section[];
  /** Of the whole section, headings included. */
  readonly tokens: number;
}

interface OpenSection {
  readonly level: number;
  readonly heading: Block | null;
  readonly path: readonly string[];
  readonly blocks: Block[];
  readonly sections: Section[];
  tokens: number;
  end: number;
}

const MAX_PATH_TEXT = 200;

/** The document as a tree of sections (at most six levels deep). */
export function sectionTree(text: string, blocks: readonly Block[]): Section {
  const root = openSection(null, [], 0);
  const open = [root];
  for (const block of blocks) {
    const isHeading = block.kind === 'heading';
    if (isHeading) closeSections(open, block.level);
    const parent = open.at(-1) ?? root;
    const target = isHeading ? openSection(block, pathBelow(parent.path, text, block), block.level) : parent;
    if (isHeading) open.push(target);
    else target.blocks.push(block);
    target.tokens += estimateTokens(text, block.start, block.end);
    target.end = block.end;
  }
  closeSections(open, 1);
  return { ...root, start: blocks[0]?.start ?? 0 };
}

/** Closes the open sections of this level and below, each into its parent. */
function closeSections(open: OpenSection[], level: number): void {
  for (let last = open.at(-1); last !== undefined && last.level >= level; last = open.at(-1)) {
    open.pop();
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.sections.push({ ...last, start: last.heading?.start ?? 0 });
    parent.tokens += last.tokens;
    parent.end = last.end;
  }
}

function openSection(heading: Block | null, path: readonly string[], level: number): OpenSection {
  return { level, heading, path, blocks: [], sections: [], tokens: 0, end: heading?.end ?? 0 };
}

function pathBelow(path: readonly string[], text: string, heading: Block): readonly string[] {
  return heading.label === '' ? path : [...path, heading.label ?? pathText(text, heading)];
}

function pathText(text: string, { start, end }: Span): string {
  const line = text.slice(start, Math.min(end, start + MAX_PATH_TEXT)).replace(/\s+/g, ' ');
  return line.toWellFormed();
}
