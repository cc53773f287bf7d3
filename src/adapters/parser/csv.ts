import type { ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { BlockWriter } from './block-writer.ts';
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

/** Rows of about one passage share a section, so that a citation names the rows it is from. */
const SECTION_CHARS = 600;

function writeRows(
  rows: readonly CsvRow[],
  header: readonly string[] | null,
  chars: number,
): Pick<ParsedDocument, 'text' | 'blocks'> {
  const writer = new BlockWriter();
  if (header === null) writeSections(writer, rows, { names: null, level: 1 });
  else if (canRepeat(header, rows.length, chars))
    writeSections(writer, rows.slice(1), { names: header, level: 1 });
  else {
    // Names too long to repeat go into what is indexed of every row.
    writer.open(header.filter((name) => name !== '').join(' | '));
    writeSections(writer, rows.slice(1), { names: null, level: 2 });
  }
  return writer.finish();
}

interface SectionStyle {
  readonly names: readonly string[] | null;
  readonly level: number;
}

function writeSections(writer: BlockWriter, rows: readonly CsvRow[], { names, level }: SectionStyle): void {
  let lines: string[] = [];
  let first = 0;
  let length = 0;
  for (const [at, { cells, row }] of rows.entries()) {
    if (lines.length === 0) first = row;
    const line = rowText(cells, names);
    lines.push(line);
    length += line.length;
    if (length < SECTION_CHARS && at < rows.length - 1) continue;
    writer.open(first === row ? `row ${row}` : `rows ${first}–${row}`, level);
    writer.add('table', lines.join('\n'));
    lines = [];
    length = 0;
  }
}
