import type { Chunk, Format, Span } from './document.ts';

/** Lines of the original, from 1, both included. */
export interface Lines {
  readonly start: number;
  readonly end: number;
}

/** Formats whose text is the original, line by line. */
const WITH_LINES: ReadonlySet<Format> = new Set(['text', 'code']);

export function hasLines(format: Format | null): boolean {
  return format !== null && WITH_LINES.has(format);
}

/** The chunks of a text, in order, with the line that each begins in. */
export function withLines(text: string, chunks: readonly Chunk[]): Chunk[] {
  let line = 1;
  let at = 0;
  return chunks.map((chunk) => {
    line += newlines(text, at, chunk.start);
    at = chunk.start;
    return Object.assign({}, chunk, { line });
  });
}

/** Where a part of a chunk's text stands; null where lines mean nothing. `part` points into the text of the version. */
export function linesOf(
  { text, start: from, line }: Pick<Chunk, 'start' | 'line'> & { readonly text: string },
  part: Span,
): Lines | null {
  if (line === undefined) return null;
  const start = line + newlines(text, 0, part.start - from);
  // A line end that closes the part belongs to its last line.
  return { start, end: start + newlines(text, part.start - from, part.end - from - 1) };
}

function newlines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
