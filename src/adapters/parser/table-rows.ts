/** Column names longer than this would drown the cells. */
const MAX_NAME = 60;
const NUMBER_OR_DATE = /^[-+€$£]?[\d.,:/ %-]+$/;
/** Column names are repeated in every row up to this many times the size of the cells. */
const MAX_GROWTH = 4;
const FREE_CHARS = 65_536;

/** A row of a table as one line: line ends and runs of white space are one space. */
function cellText(cell: string): string {
  return cell.replaceAll(/\s+/g, ' ').trim();
}

/** The names of the columns, or null when the first row is data like the others. */
export function headerOf(rows: readonly (readonly string[])[]): readonly string[] | null {
  const [first, ...rest] = rows;
  if (first === undefined || rest.length === 0 || first.length < 2) return null;
  const names = first.map((cell) => cellText(cell).slice(0, MAX_NAME));
  const filled = names.filter((name) => name !== '');
  const isHeader =
    filled.length >= names.length / 2 &&
    new Set(filled).size === filled.length &&
    !filled.some((name) => NUMBER_OR_DATE.test(name));
  return isHeader ? names : null;
}

/** `name: value | name: value` without empty cells; plain values where there are no names. */
export function rowText(cells: readonly string[], header: readonly string[] | null): string {
  const parts: string[] = [];
  for (const [at, cell] of cells.entries()) {
    const text = cellText(cell);
    if (text === '') continue;
    const name = header?.[at] ?? '';
    parts.push(name === '' ? text : `${name}: ${text}`);
  }
  return parts.join(' | ');
}

/** Whether the names may stand in every row without blowing the text up. */
export function canRepeat(header: readonly string[], rowCount: number, chars: number): boolean {
  const names = header.reduce((sum, name) => sum + name.length + 2, 0);
  return names * rowCount <= FREE_CHARS + MAX_GROWTH * chars;
}
