import type { Span } from '../documents/document.ts';

const CLAUSE_END = /[;:,，；、](?=\s)|[，；、]|\s(?=[–—]\s)/gu;

/**
 * Runs of whole clauses of a sentence that is too long to quote: one from each clause on, as many clauses as
 * fit in `maxChars`. They overlap.
 */
export function clauseWindows(text: string, sentence: Span, maxChars: number): Span[] {
  const borders = clauseBorders(text, sentence);
  const windows: Span[] = [];
  let last = 0;
  for (let first = 0; first + 1 < borders.length; first++) {
    const start = skipSpace(text, borders[first] ?? 0);
    last = Math.max(last, first);
    while (last + 1 < borders.length && (borders[last + 1] ?? 0) - start <= maxChars) last++;
    if (last > first) windows.push({ start, end: borders[last] ?? start });
    if (last === borders.length - 1) break;
  }
  return windows;
}

function clauseBorders(text: string, { start, end }: Span): number[] {
  const borders = [start];
  for (const match of text.slice(start, end).matchAll(CLAUSE_END))
    borders.push(start + match.index + match[0].trimEnd().length);
  borders.push(end);
  return borders;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text.charAt(at) === ' ' || text.charAt(at) === '\n') at++;
  return at;
}
