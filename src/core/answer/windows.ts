import type { Span } from '../documents/document.ts';
import type { Line } from './lines.ts';

const CLAUSE_END = /[;:,](?=\s)|[，；、]|\s(?=[–—]\s)/gu;

/** The least that lies between the starts of two windows of a sentence. */
const CLAUSE_STEP = 20;

/**
 * Runs of whole clauses of a sentence that is too long to quote: one from each clause on, as many clauses as
 * fit in `maxChars`. They overlap.
 */
export function clauseWindows(text: string, sentence: Span, maxChars: number): Span[] {
  const starts = [sentence.start];
  const ends: number[] = [];
  for (const match of text.slice(sentence.start, sentence.end).matchAll(CLAUSE_END)) {
    const border = sentence.start + match.index + match[0].trimEnd().length;
    if (border - (starts.at(-1) ?? 0) < CLAUSE_STEP) continue;
    ends.push(border);
    starts.push(skipSpace(text, border));
  }
  ends.push(sentence.end);
  return windows(starts, ends, maxChars);
}

/** The least that lies between the starts of two windows of code. */
const CODE_STEP = 100;

/** Runs of whole lines of a code block that is too long to quote, from lines that open something on. */
export function lineWindows(lines: readonly Line[], maxChars: number): Span[] {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1];
    const opens =
      before === undefined ||
      (!line.isCloser && line.indent <= before.indent && line.start - (starts.at(-1) ?? 0) >= CODE_STEP);
    if (opens) {
      if (before !== undefined) ends.push(before.end);
      starts.push(line.start);
    }
  }
  ends.push(lines.at(-1)?.end ?? 0);
  return windows(starts, ends, maxChars);
}

/** From each start as many pieces as fit; pieces that are too long alone are left out. */
function windows(starts: readonly number[], ends: readonly number[], maxChars: number): Span[] {
  const found: Span[] = [];
  let last = -1;
  for (const [first, start] of starts.entries()) {
    last = Math.max(last, first - 1);
    while (last + 1 < ends.length && (ends[last + 1] ?? 0) - start <= maxChars) last++;
    const end = ends[last];
    if (last >= first && end !== undefined) found.push({ start, end });
    if (last === ends.length - 1) break;
  }
  return found;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text.charAt(at) === ' ' || text.charAt(at) === '\n') at++;
  return at;
}
