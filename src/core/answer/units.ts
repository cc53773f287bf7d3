import type { Span } from '../documents/document.ts';
import type { ExtractTools, Passage } from './extraction.ts';
import { textLines, type Line } from './lines.ts';
import { isKnownHeading, isStopped, knownHeadings, looksLikeHeading, type KnownHeadings } from './prose.ts';
import { clauseWindows, lineWindows } from './windows.ts';

/** What is quoted whole or not at all. */
export type UnitKind =
  | 'sentence'
  /** Some clauses of a sentence that is too long to quote. */
  | 'clause'
  /** A line without a stop, or what a chunk's border left of a sentence: quoted when nothing better is there. */
  | 'fragment'
  /** A sentence of a list item, or a line that a colon announced. */
  | 'item'
  | 'row'
  | 'code'
  /** Titles, headings, navigation: never quoted. */
  | 'heading';

/** A piece of a passage; the span is relative to the passage's text. */
export interface Unit extends Span {
  readonly kind: UnitKind;
}

/** A longer sentence or code block is cut to this share of an answer, so that something else fits beside it. */
const WINDOW_SHARE = 0.6;

/** Cuts a passage into what can be quoted, in reading order. */
export function unitsOf(passage: Passage, tools: ExtractTools, maxChars: number): Unit[] {
  const headings = knownHeadings([passage.title, ...passage.headingPath]);
  const units: Unit[] = [];
  for (const block of blocksOf(passage.text)) {
    if (block.kind === 'code') units.push(...codeUnits(block, maxChars));
    else if (block.kind === 'table') {
      for (const line of block.lines) units.push({ kind: 'row', start: line.start, end: line.end });
    } else proseUnits(block, { passage, headings, units, tools, maxChars });
  }
  return units;
}

interface TextBlock extends Span {
  readonly kind: 'code' | 'table' | 'prose';
  readonly lines: readonly Line[];
}

/** What stands between blank lines. */
function blocksOf(text: string): TextBlock[] {
  const blocks: TextBlock[] = [];
  let open: Line[] = [];
  const close = (): void => {
    const [first] = open;
    const last = open.at(-1);
    if (first === undefined || last === undefined) return;
    blocks.push({ kind: kindOfBlock(open, text), lines: open, start: first.start, end: last.end });
    open = [];
  };
  for (const line of textLines(text)) {
    if (line.isBlank) close();
    else open.push(line);
  }
  close();
  return blocks;
}

/** A line of its own that begins like a command and has no stop: `npm install holdfast`. */
const LONE_COMMAND = /^[a-z./~][\w./@~:-]*(?: \S+)+$/;
const LONGEST_COMMAND = 120;

function kindOfBlock(lines: readonly Line[], text: string): TextBlock['kind'] {
  if (lines.length > 1 && lines.every(({ isRow }) => isRow)) return 'table';
  const [first] = lines;
  if (lines.length === 1 && first !== undefined && isLoneCommand(text.slice(first.content, first.end)))
    return 'code';
  return lines.filter(({ isCode }) => isCode).length > lines.length / 2 ? 'code' : 'prose';
}

function isLoneCommand(line: string): boolean {
  return line.length <= LONGEST_COMMAND && !isStopped(line) && LONE_COMMAND.test(line);
}

function codeUnits({ start, end, lines }: TextBlock, maxChars: number): Unit[] {
  if (end - start <= maxChars) return [{ kind: 'code', start, end }];
  return lineWindows(lines, maxChars * WINDOW_SHARE).map((span) =>
    Object.assign(span, { kind: 'code' as const }),
  );
}

interface ProseContext {
  readonly passage: Passage;
  readonly headings: KnownHeadings;
  readonly units: Unit[];
  readonly tools: ExtractTools;
  readonly maxChars: number;
}

function proseUnits({ lines }: TextBlock, context: ProseContext): void {
  const width = Math.max(...lines.map(({ start, end }) => end - start));
  let from = 0;
  for (const [at, line] of lines.entries()) {
    const next = lines[at + 1];
    if (next !== undefined && isWrapped(line, next, { width, text: context.passage.text })) continue;
    const first = lines[from];
    if (first !== undefined) paragraphUnits(first, line, context);
    from = at + 1;
  }
}

const WIDEST_WRAP = 130;
const NARROWEST_WRAP = 40;

/** Whether a line end only breaks the line: the next word had no room, or goes on in lower case. */
function isWrapped(
  line: Line,
  next: Line,
  { width, text }: { readonly width: number; readonly text: string },
): boolean {
  if (next.isItem) return false;
  const start = text.charAt(next.content);
  if (start !== start.toUpperCase()) return true;
  const length = line.end - line.start;
  if (width > WIDEST_WRAP || length < NARROWEST_WRAP) return false;
  return length + 1 + text.slice(next.content, next.end).search(/\s|$/) > width;
}

/** Adds the sentences of a paragraph, an item or a line. */
function paragraphUnits(first: Line, last: Line, context: ProseContext): void {
  const { passage, units, tools, maxChars } = context;
  const { text } = passage;
  for (const span of tools.sentenceSpans(text, first.content, last.end)) {
    if (span.end - span.start > maxChars) {
      for (const clause of clauseWindows(text, span, maxChars * WINDOW_SHARE))
        units.push(Object.assign(clause, { kind: 'clause' as const }));
    } else units.push(Object.assign(span, { kind: kindOfSentence(span, first.isItem, context) }));
  }
}

function kindOfSentence({ start, end }: Span, isItem: boolean, context: ProseContext): UnitKind {
  const { passage, headings, units } = context;
  const sentence = passage.text.slice(start, end);
  if (isKnownHeading(sentence, headings)) return 'heading';
  if (isItem) return 'item';
  if (looksLikeHeading(sentence)) return isAnnounced(start, units, passage.text) ? 'item' : 'heading';
  if (!isStopped(sentence)) return isAnnounced(start, units, passage.text) ? 'item' : 'fragment';
  return units.length === 0 && passage.start > 0 && /^\p{Ll}/u.test(sentence) ? 'fragment' : 'sentence';
}

/** Whether the unit before ends in a colon, or is one of a list that a colon opened, on the line before. */
function isAnnounced(start: number, units: readonly Unit[], text: string): boolean {
  const before = units.at(-1);
  if (before === undefined) return false;
  if (text.charAt(before.end - 1) === ':') return true;
  return before.kind === 'item' && text.slice(before.end, start).trimEnd() === '' && start - before.end <= 2;
}
