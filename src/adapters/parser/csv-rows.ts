/** A record of a delimited file. */
export interface CsvRow {
  readonly cells: readonly string[];
  /** Its number as in a spreadsheet, from 1: blank rows count. */
  readonly row: number;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** Lines that are looked at to find the delimiter. */
const SAMPLE_LINES = 20;
const SAMPLE_CHARS = 20_000;

/** The delimiter that cuts the first lines into the most even number of cells. */
export function delimiterOf(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARS);
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const counts: number[] = [];
    for (const { cells } of csvRows(sample, delimiter)) {
      counts.push(cells.length);
      if (counts.length === SAMPLE_LINES) break;
    }
    // The sample may end within a row.
    if (text.length > SAMPLE_CHARS && counts.length > 1) counts.pop();
    const most = Math.max(0, ...counts);
    const even = counts.filter((count) => count === counts[0]).length / Math.max(1, counts.length);
    const score = most < 2 ? 0 : even * 100 + Math.min(most, 50);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/**
 * The rows of a delimited text as in RFC 4180: quoted cells hold delimiters, line ends and doubled quotes. A quote
 * inside of a bare cell is a character, and one that is never closed ends with the text. Blank lines are left out.
 */
export function* csvRows(text: string, delimiter: string): Generator<CsvRow> {
  for (let at = 0, row = 1; at < text.length; row++) {
    const { cells, end } = rowAt(text, at, delimiter);
    if (cells.some((cell) => cell.trim() !== '')) yield { cells, row };
    at = end;
  }
}

/** The row that starts at a place, and where the next one does. */
function rowAt(
  text: string,
  from: number,
  delimiter: string,
): { readonly cells: readonly string[]; readonly end: number } {
  const cells: string[] = [];
  let lineEnd = endOfLine(text, from);
  for (let at = from; ;) {
    let cell = '';
    if (text[at] === '"') {
      const quoted = quotedCell(text, at);
      cell = quoted.cell;
      at = quoted.end;
      if (at > lineEnd) lineEnd = endOfLine(text, at);
    }
    const end = indexWithin(text, delimiter, { from: at, to: lineEnd });
    cells.push(cell + text.slice(at, end));
    if (end === lineEnd) return { cells, end: lineEnd + 1 };
    at = end + 1;
  }
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

/** Never looks further than the line: a file may hold no delimiter at all. */
function indexWithin(
  text: string,
  character: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  let at = from;
  while (at < to && text[at] !== character) at++;
  return at;
}

/** A cell in quotes; the end is behind the closing one. */
function quotedCell(text: string, from: number): { readonly cell: string; readonly end: number } {
  const parts: string[] = [];
  for (let at = from + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { cell: parts.join('') + text.slice(at), end: text.length };
    parts.push(text.slice(at, quote));
    if (text[quote + 1] !== '"') return { cell: parts.join(''), end: quote + 1 };
    parts.push('"');
    at = quote + 2;
  }
}
