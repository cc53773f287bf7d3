import type { Block, ParsedDocument } from '../../../core/documents/document.ts';
import { canRepeat, headerOf, rowText } from '../table-rows.ts';

/** Rows of one section: its heading says which cells they are. */
const ROWS = 20;

/**
 * Writes sheets as lines. Every twenty rows have a heading of their own that is indexed and shown, but no part of the
 * text: the sheet and the range of cells, so that a citation says where to look.
 */
export class SheetWriter {
  readonly #lines: string[] = [];
  readonly #blocks: Block[] = [];
  #length = 0;

  /** `rows` by their number, from 1; cells from column A on. */
  addSheet(title: string, rows: ReadonlyMap<number, readonly string[]>): void {
    const numbered = [...rows]
      .filter(([, cells]) => cells.some((cell) => cell !== ''))
      .sort(([a], [b]) => a - b);
    if (numbered.length === 0) return;
    const header = headerOf(numbered.slice(0, 50).map(([, cells]) => cells));
    const chars = numbered.reduce((sum, [, cells]) => sum + cells.join('').length, 0);
    const isNamed = header !== null && canRepeat(header, numbered.length, chars);
    const body = isNamed ? numbered.slice(1) : numbered;
    this.#heading(1, title);
    for (let from = 0; from < body.length; from += ROWS) {
      const part = body.slice(from, from + ROWS);
      this.#heading(2, rangeOf(part));
      const start = this.#length;
      for (const [, cells] of part) this.#line(rowText(cells, isNamed ? header : null));
      // Without the line end of the last row.
      if (this.#length > start) this.#blocks.push({ kind: 'table', level: 0, start, end: this.#length - 1 });
    }
  }

  finish(): Pick<ParsedDocument, 'text' | 'blocks'> {
    return { text: this.#lines.join('').replace(/\n$/, ''), blocks: this.#blocks };
  }

  #heading(level: number, label: string): void {
    this.#blocks.push({ kind: 'heading', level, start: this.#length, end: this.#length, label });
  }

  #line(text: string): void {
    if (text === '') return;
    this.#lines.push(`${text}\n`);
    this.#length += text.length + 1;
  }
}

/** `A2:D21` */
function rangeOf(rows: readonly (readonly [number, readonly string[]])[]): string {
  const width = Math.max(...rows.map(([, cells]) => cells.length));
  return `A${rows[0]?.[0] ?? 1}:${columnName(width)}${rows.at(-1)?.[0] ?? 1}`;
}

/** 1 -> A, 27 -> AA. */
function columnName(column: number): string {
  let name = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  return name;
}
