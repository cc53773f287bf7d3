import type { Span } from '../documents/document.ts';
import { clauseWindows } from './clauses.ts';
import type { ExtractTools, Passage } from './extraction.ts';
import { textLines, type Line } from './lines.ts';

/** What is quoted whole or not at all. */
export type UnitKind =
  | 'sentence'
  /** Some clauses of a sentence that is too long to quote. */
  | 'clause'
  /** A line without a stop: half a thought, quoted only when nothing better is there. */
  | 'fragment'
  | 'item'
  | 'row'
  | 'code'
  /** Titles, headings, navigation: never quoted. */
  | 'heading';

/** A piece of a passage; the span is relative to the passage's text. */
export interface Unit extends Span {
  readonly kind: UnitKind;
}

/** Cuts a passage into what can be quoted, in reading order. */
export function unitsOf(passage: Passage, tools: ExtractTools, maxChars: number): Unit[] {
  const headings = new Set([passage.title, ...passage.headingPath].map(plain));
  const units: Unit[] = [];
  for (const block of blocksOf(textLines(passage.text))) {
    if (block.kind === 'code') units.push({ kind: 'code', start: block.start, end: block.end });
    else if (block.kind === 'table') {
      for (const line of block.lines) units.push({ kind: 'row', start: line.start, end: line.end });
    } else proseUnits(block, { text: passage.text, headings, units, tools, maxChars });
  }
  return units;
}

interface TextBlock extends Span {
  readonly kind: 'code' | 'table' | 'prose';
  readonly lines: readonly Line[];
}

/** Lines between blank lines, cut where prose, code and tables meet. */
function blocksOf(lines: readonly Line[]): TextBlock[] {
  const blocks: TextBlock[] = [];
  let open: Line[] = [];
  const close = (): void => {
    const [first] = open;
    const last = open.at(-1);
    if (first === undefined || last === undefined) return;
    blocks.push({ kind: kindOfBlock(open), lines: open, start: first.start, end: last.end });
    open = [];
  };
  for (const line of lines) {
    if (line.isBlank) close();
    else open.push(line);
  }
  close();
  return blocks;
}

function kindOfBlock(lines: readonly Line[]): TextBlock['kind'] {
  if (lines.length > 1 && lines.every(({ isRow }) => isRow)) return 'table';
  return lines.filter(({ isCode }) => isCode).length > lines.length / 2 ? 'code' : 'prose';
}

interface ProseContext {
  readonly text: string;
  readonly headings: ReadonlySet<string>;
  readonly units: Unit[];
  readonly tools: ExtractTools;
  readonly maxChars: number;
}

function proseUnits(block: TextBlock, context: ProseContext): void {
  const { lines } = block;
  const width = Math.max(...lines.map(({ start, end }) => end - start));
  let from = 0;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const next = lines[at + 1];
    if (line === undefined || (next !== undefined && isWrapped(line, next, { width, text: context.text })))
      continue;
    const first = lines[from];
    if (first !== undefined) paragraphUnits(first, line, context);
    from = at + 1;
  }
}

const WIDEST_WRAP = 130;

/** Whether the line break between two lines only breaks the line: the next word had no room, or goes on in lower case. */
function isWrapped(line: Line, next: Line, { width, text }: { width: number; text: string }): boolean {
  if (next.isItem) return false;
  const start = text.charAt(next.content);
  if (start !== start.toUpperCase()) return true;
  if (width > WIDEST_WRAP) return false;
  const word = text.slice(next.content, next.end).search(/\s|$/);
  return line.end - line.start > 40 && line.end - line.start + 1 + word > width;
}

function paragraphUnits(first: Line, last: Line, context: ProseContext): void {
  const { text, units, headings, tools } = context;
  const start = first.content;
  const spans = tools.sentenceSpans(text, start, last.end);
  for (const span of spans) {
    const sentence = text.slice(span.start, span.end);
    if (sentence.length > context.maxChars) {
      for (const clause of clauseWindows(text, span, context.maxChars * CLAUSE_SHARE))
        units.push({ kind: 'clause', ...clause });
    } else
      units.push({
        kind: kindOfSentence(sentence, first.isItem, headings),
        start: span.start,
        end: span.end,
      });
  }
}

/** Clauses of a longer sentence fill this share of an answer, so that something else fits beside them. */
const CLAUSE_SHARE = 0.6;

const STOPPED = /[.!?…。！？｡:;]["'”’»)\]」』*_]*$/;
const FEWEST_WORDS = 5;

function kindOfSentence(sentence: string, isItem: boolean, headings: ReadonlySet<string>): UnitKind {
  if (headings.has(plain(sentence))) return 'heading';
  if (isItem) return 'item';
  if (STOPPED.test(sentence)) return 'sentence';
  return countWords(sentence) < FEWEST_WORDS || sentence.length < 40 ? 'heading' : 'fragment';
}

function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
