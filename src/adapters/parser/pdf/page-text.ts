import type { BlockWriter } from '../block-writer.ts';
import { writeTable } from '../write-table.ts';
import type { PageLine } from './page-lines.ts';

/** Lines this much larger than the body are headings. */
const HEADING_RATIO = 1.15;
const MAX_HEADING_CHARS = 200;
/** The distance of two lines of one paragraph, in heights of a letter. */
const PARAGRAPH_GAP = 1.75;
const BULLET = /^(?:[•◦▪‣●○■–]|\d{1,3}[.)]|[a-z][.)])\s+\S/;

/** Paragraphs, headings and tables out of lines, without what repeats at the edge of every page. */
export function writePages(pages: readonly (readonly PageLine[])[], writer: BlockWriter): void {
  const keys = pages.map(edgeKeys);
  const furniture = repeatedLines(keys);
  const sizes = headingSizes(pages, mostCommonSize(pages));
  let open: Paragraph | null = null;
  const close = (): void => {
    if (open !== null) writeParagraph(open, writer);
    open = null;
  };
  for (const [at, all] of pages.entries()) {
    const lines = all.filter((_, place) => !isFurniture(keys[at]?.[place] ?? '', furniture));
    for (const rows of runs(lines)) {
      if (rows.length > 1) {
        close();
        writeTable(
          rows.map(({ cells }) => cells),
          writer,
          at + 1,
        );
        continue;
      }
      const [line] = rows;
      if (line === undefined) continue;
      const level = levelOf(line, sizes);
      const current = open as Paragraph | null;
      if (current !== null && continues(current, { line, level, page: at + 1 })) addLine(current, line);
      else {
        close();
        open = { text: line.text, level, page: at + 1, last: line, width: line.right };
      }
    }
  }
  close();
}

/** Rows of a table together, every other line alone. One line with a wide gap is no table. */
function runs(lines: readonly PageLine[]): readonly (readonly PageLine[])[] {
  const found: PageLine[][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    const isRow = line.cells.length > 1 && last?.[0]?.cells.length === line.cells.length;
    if (isRow && (last?.at(-1)?.y ?? 0) > line.y) last?.push(line);
    else found.push([line]);
  }
  return found;
}

interface Paragraph {
  text: string;
  /** 0: body. */
  readonly level: number;
  readonly page: number;
  last: PageLine;
  /** Where its lines end at most. */
  width: number;
}

interface Next {
  readonly line: PageLine;
  readonly level: number;
  readonly page: number;
}

const SENTENCE_END = /[.!?:;。！？]["'”’)\]]?$/;

/** Whether a line belongs to the paragraph before it, also over the end of a column or page. */
function continues(open: Paragraph, { line, level, page }: Next): boolean {
  if (level !== open.level || BULLET.test(line.text)) return false;
  const { last } = open;
  // A page ends a paragraph, so that every block has one page; the end of a column does not.
  if (page !== open.page) return false;
  if (line.y > last.y) return level === 0 && !SENTENCE_END.test(open.text);
  const size = Math.max(line.size, last.size, 1);
  if (last.y - line.y > PARAGRAPH_GAP * size || Math.abs(line.size - last.size) > 0.2 * size) return false;
  // A first line that is set in begins a paragraph when the one before ended early.
  const isIndented = line.x > last.x + size && SENTENCE_END.test(open.text);
  const endedEarly = last.right < open.width - 3 * size && SENTENCE_END.test(open.text);
  return !isIndented && !endedEarly;
}

/** `exam-` and `ple` are one word; `e-` and `Mail` are not, nor is a dash at the end. */
const HYPHENATED = /\p{Ll}[-\u00ad\u2010]$/u;

function addLine(open: Paragraph, line: PageLine): void {
  const { text } = line;
  if (HYPHENATED.test(open.text) && /^\p{Ll}/u.test(text)) open.text = open.text.slice(0, -1) + text;
  else open.text += ` ${text}`;
  open.last = line;
  open.width = Math.max(open.width, line.right);
}

function writeParagraph({ text, level, page }: Paragraph, writer: BlockWriter): void {
  const plain = text.replaceAll('\u00ad', '');
  if (level > 0 && plain.length <= MAX_HEADING_CHARS) writer.add('heading', plain, { level, page });
  else writer.add(BULLET.test(plain) ? 'list_item' : 'paragraph', plain, { page });
}

/** The size that most letters have. */
function mostCommonSize(pages: readonly (readonly PageLine[])[]): number {
  const letters = new Map<number, number>();
  for (const line of pages.flat()) {
    const size = rounded(line.size);
    letters.set(size, (letters.get(size) ?? 0) + line.text.length);
  }
  let best = 0;
  for (const [size, count] of letters) if (count > (letters.get(best) ?? 0)) best = size;
  return best;
}

/** Sizes of headings, the largest first; the sixth stands for all smaller ones. */
function headingSizes(pages: readonly (readonly PageLine[])[], bodySize: number): readonly number[] {
  const sizes = new Set(pages.flat().map(({ size }) => rounded(size)));
  return [...sizes].filter((size) => size >= bodySize * HEADING_RATIO).sort((a, b) => b - a);
}

function levelOf({ size, text }: PageLine, sizes: readonly number[]): number {
  if (text.length > MAX_HEADING_CHARS || !/\p{L}/u.test(text)) return 0;
  return Math.min(6, sizes.indexOf(rounded(size)) + 1);
}

function rounded(size: number): number {
  return Math.round(size * 2) / 2;
}

const PAGE_NUMBER = /^bottom (?:\p{L}+ )?#(?: ?(?:\/|\p{L}+) ?#)?$/u;

/** What stands on every page, and numbers of pages. */
function isFurniture(key: string, repeated: ReadonlySet<string>): boolean {
  return repeated.has(key) || PAGE_NUMBER.test(key);
}

/** Headers and footers are on at least so many pages, and on half of all. */
const MIN_REPEATS = 3;

/** Keys of the lines that stand at the edge of pages again and again. */
function repeatedLines(pages: readonly (readonly string[])[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const page of pages) {
    const keys = new Set(page);
    keys.delete('');
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const least = Math.max(MIN_REPEATS, pages.length / 2);
  return new Set([...counts].filter(([, count]) => count >= least).map(([key]) => key));
}

/** Names each line at the top or bottom of a page by its text without digits; empty for all others. */
function edgeKeys(lines: readonly PageLine[]): readonly string[] {
  let [top, bottom] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { y } of lines) {
    if (y > top) top = y;
    if (y < bottom) bottom = y;
  }
  return lines.map(({ y, text }) => {
    const isEdge = y >= top - 2 || y <= bottom + 2;
    if (!isEdge || text.length > 120) return '';
    return `${y >= top - 2 ? 'top' : 'bottom'} ${text.replaceAll(/\d+/g, '#')}`;
  });
}
