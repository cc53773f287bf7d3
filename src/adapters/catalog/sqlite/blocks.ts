import type { Block, BlockKind } from '../../../core/documents/document.ts';

const KINDS: readonly BlockKind[] = ['heading', 'paragraph', 'list_item', 'quote', 'code', 'table'];

type Packed = readonly [
  kind: number,
  gap: number,
  length: number,
  level?: number,
  page?: number | null,
  label?: string,
];

/** Blocks as short JSON: places relative to the block before, and only what differs from the usual. */
export function packBlocks(blocks: readonly Block[]): string {
  let end = 0;
  const rows = blocks.map(({ kind, start, end: blockEnd, level, page, label }): Packed => {
    const place = [KINDS.indexOf(kind), start - end, blockEnd - start] as const;
    end = blockEnd;
    if (label !== undefined) return [...place, level, page ?? null, label];
    if (page !== undefined) return [...place, level, page];
    return level === 0 ? place : [...place, level];
  });
  return JSON.stringify(rows);
}

export function unpackBlocks(text: string): Block[] {
  let end = 0;
  return (JSON.parse(text) as readonly Packed[]).map((row) => {
    const block = unpackBlock(row, end);
    end = block.end;
    return block;
  });
}

function unpackBlock([kind, gap, length, level = 0, page, label]: Packed, after: number): Block {
  const start = after + gap;
  return {
    kind: KINDS[kind] ?? 'paragraph',
    start,
    end: start + length,
    level,
    ...(page === undefined || page === null ? {} : { page }),
    ...(label === undefined ? {} : { label }),
  };
}
