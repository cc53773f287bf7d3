import type { BlockWriter } from './block-writer.ts';
import { headerOf, rowText } from './table-rows.ts';

/** A table as lines, each with the names of its columns. */
export function writeTable(rows: readonly (readonly string[])[], writer: BlockWriter, page?: number): void {
  const header = headerOf(rows);
  const body = header === null ? rows : rows.slice(1);
  const text = body.map((cells) => rowText(cells, header)).join('\n');
  writer.add('table', text, page === undefined ? {} : { page });
}
