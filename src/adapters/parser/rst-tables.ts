import { rstInline } from './rst-inline.ts';

/** Rows as `cell | cell` lines of a grid table; a row of the grid may have several lines. */
export function gridTableRows(lines: readonly string[]): string {
  const rows: string[] = [];
  let cells: string[] = [];
  const flush = () => {
    pushRow(rows, cells);
    cells = [];
  };
  for (const line of lines) {
    if (line.trimStart().startsWith('+')) flush();
    else
      appendCells(
        cells,
        line
          .trim()
          .replace(/^\||\|$/g, '')
          .split('|'),
      );
  }
  flush();
  return rows.join('\n');
}

/** Rows of a simple table, whose columns stand under runs of `=`; a line with an empty first cell continues a row. */
export function simpleTableRows(border: string, lines: readonly string[]): string {
  const columns = Array.from(border.matchAll(/=+/g), ({ index }) => index);
  const rows: string[] = [];
  let cells: string[] = [];
  for (const line of lines) {
    if (/^[\s=-]*$/.test(line)) continue;
    const next = columns.map((start, at) => line.slice(start, columns[at + 1]));
    if ((next[0] ?? '').trim() !== '') {
      pushRow(rows, cells);
      cells = [];
    }
    appendCells(cells, next);
  }
  pushRow(rows, cells);
  return rows.join('\n');
}

/** Rows of a `list-table`: `* - first cell`, then `- next cell`. */
export function listTableRows(lines: readonly string[]): string {
  const rows: string[] = [];
  let cells: string[] = [];
  for (const line of lines) {
    const [, star, dash, content = ''] = /^\s*(\*\s+)?(-(?:\s+|$))?(.*)$/.exec(line) ?? [];
    if (star !== undefined) {
      pushRow(rows, cells);
      cells = [];
    }
    if (dash !== undefined || cells.length === 0) cells.push(content.trim());
    else cells[cells.length - 1] = `${cells.at(-1) ?? ''} ${content.trim()}`;
  }
  pushRow(rows, cells);
  return rows.join('\n');
}

function appendCells(cells: string[], next: readonly string[]): void {
  for (const [at, cell] of next.entries()) cells[at] = `${cells[at] ?? ''} ${cell.trim()}`;
}

function pushRow(rows: string[], cells: readonly string[]): void {
  const row = cells.map((cell) => rstInline(cell.trim()).replace(/\s+/g, ' '));
  if (row.some((cell) => cell !== '')) rows.push(row.join(' | '));
}
