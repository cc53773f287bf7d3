import type { Block } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { csvRows, delimiterOf, type CsvRow } from './csv-rows.ts';
import { singleDocument } from './single-document.ts';
import { canRepeat, headerOf, rowText } from './table-rows.ts';

/** Rows as lines, each with the names of its columns, so that a cited row says what its values are. */
export const csvParser: Parser = {
  format: 'csv',
  extensions: ['csv', 'tsv', 'psv', 'tab'],
  mediaTypes: ['text/csv', 'text/tab-separated-values', 'application/csv'],
  parse({ text, name }) {
    const rows = [...csvRows(text, delimiterOf(text))];
    const header = headerOf(rows.slice(0, 50).map(({ cells }) => cells));
    const parts = { recordKey: null, title: null, uri: null, metadata: {}, language: null };
    return singleDocument({ ...parts, ...writeRows(rows, header, text.length) }, name);
  },
};

function writeRows(
  rows: readonly CsvRow[],
  header: readonly string[] | null,
  chars: number,
): { readonly text: string; readonly blocks: readonly Block[] } {
  const lines: string[] = [];
  const blocks: Block[] = [];
  const isNamed = header !== null && canRepeat(header, rows.length, chars);
  const body = isNamed ? rows.slice(1) : rows;
  // Names too long to repeat go into what is indexed of every row.
  if (header !== null && !isNamed)
    blocks.push({ kind: 'heading', level: 1, start: 0, end: 0, label: header.filter(Boolean).join(' | ') });
  for (const { cells } of body) lines.push(rowText(cells, isNamed ? header : null));
  const text = lines.join('\n');
  if (text !== '') blocks.push({ kind: 'table', level: 0, start: 0, end: text.length });
  return { text, blocks };
}
