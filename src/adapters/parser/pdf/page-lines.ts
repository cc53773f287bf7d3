/** A piece of text as pdf.js gives it. */
export interface PdfItem {
  readonly str: string;
  /** Affine matrix; the last two numbers are where the piece begins, y from the bottom. */
  readonly transform: readonly unknown[];
  readonly width: number;
  readonly height: number;
  readonly hasEOL: boolean;
}

/** A line of a page. */
export interface PageLine {
  readonly text: string;
  /** Its parts where wide gaps divide it, as in a row of a table; else one. */
  readonly cells: readonly string[];
  /** Left end, right end and baseline in points; y from the bottom. */
  readonly x: number;
  readonly right: number;
  readonly y: number;
  /** Height of its letters in points: the larger part's. */
  readonly size: number;
}

interface Open {
  text: string;
  cells: string[];
  x: number;
  right: number;
  y: number;
  size: number;
}

/** Pieces nearer than this share of the letter height belong to one word. */
const WORD_GAP = 0.18;
/** Pieces whose baselines differ by less are on one line: subscripts and footnote marks. */
const LINE_SHIFT = 0.5;
/** A gap this many letters wide separates the cells of a row. */
const COLUMN_GAP = 1.8;

/**
 * Lines in the order in which the page draws them, which is the order of reading in what programs write: a column is
 * drawn to its end before the next begins.
 */
export function linesOf(items: readonly PdfItem[]): readonly PageLine[] {
  const lines: PageLine[] = [];
  let open: Open | null = null;
  // A row of a table has line ends between its cells.
  let isEnd = false;
  const close = (): void => {
    if (open !== null && (open.text.trim() !== '' || open.cells.length > 0)) lines.push(closed(open));
    open = null;
  };
  for (const item of items) {
    const [, , , , x = 0, y = 0] = item.transform.map(Number);
    const size = item.height;
    // Spaces are told by gaps: the library makes up wide ones between the cells of a row.
    if (item.str.trim() !== '') {
      const current = open as Open | null;
      const isNear = current !== null && continues(current, { x, y, size });
      if (isNear && (!isEnd || x - current.right >= COLUMN_GAP * size)) append(current, item, x);
      else {
        close();
        open = { text: item.str, cells: [], x, right: x + item.width, y, size };
      }
      isEnd = false;
    }
    if (item.hasEOL) isEnd = true;
  }
  close();
  return lines;
}

function continues(
  line: Open,
  { x, y, size }: { readonly x: number; readonly y: number; readonly size: number },
): boolean {
  const height = Math.max(line.size, size, 1);
  if (Math.abs(y - line.y) > LINE_SHIFT * height) return false;
  const gap = x - line.right;
  // A jump to the left is another line of the same height.
  return gap > -height;
}

function append(line: Open, item: PdfItem, x: number): void {
  const gap = x - line.right;
  if (gap >= COLUMN_GAP * Math.max(line.size, 1)) {
    line.cells.push(line.text);
    line.text = '';
  }
  const needsSpace =
    gap > WORD_GAP * Math.max(line.size, 1) &&
    line.text !== '' &&
    !/\s$/.test(line.text) &&
    !/^\s/.test(item.str);
  line.text += needsSpace ? ` ${item.str}` : item.str;
  line.right = Math.max(line.right, x + item.width);
  line.size = Math.max(line.size, item.height);
}

function closed({ cells, text, ...place }: Open): PageLine {
  const parts = [...cells, text].map(cleaned).filter((part) => part !== '');
  return { ...place, text: parts.join(' '), cells: parts };
}

const LIGATURES = /[\ufb00-\ufb06]/g;

function cleaned(text: string): string {
  return text
    .replaceAll(LIGATURES, (ligature) => ligature.normalize('NFKC'))
    .replaceAll('\0', '')
    .replaceAll(/[ \t\u00a0]+/g, ' ')
    .toWellFormed()
    .trim();
}
