import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { readCoreProperties } from './core-properties.ts';
import { describedDocument } from './described-document.ts';
import { readXml, type XmlElement } from './read-xml.ts';
import { relationsOf } from './relations.ts';
import { SheetWriter } from './sheet-writer.ts';
import { openArchive, type Archive } from './archive.ts';
import { cellValue, readStyles, type CellStyles } from './xlsx-values.ts';

const BOOK = 'xl/workbook.xml';

/** Workbooks: each sheet a section, each row a line with the names of its columns, ranges of cells as headings. */
export const xlsxParser: FileParser = {
  format: 'xlsx',
  extensions: ['xlsx', 'xlsm', 'xltx'],
  mediaTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  async parseFile(input) {
    const { name } = input;
    const archive = openArchive(input);
    const book = archive.read(BOOK);
    if (book === null) throw new HoldfastError('document_malformed', `${name} has no ${BOOK}`);
    const strings = readStrings(archive.read('xl/sharedStrings.xml'), `${name}!/xl/sharedStrings.xml`);
    const styles = readStyles(archive.read('xl/styles.xml'), `${name}!/xl/styles.xml`);
    const writer = new SheetWriter();
    for (const { title, path } of sheetsOf(book, archive, name)) {
      const sheet = archive.read(path);
      if (sheet === null) throw new HoldfastError('document_malformed', `${name} has no ${path}`);
      writer.addSheet(title, readSheet(sheet, { place: `${name}!/${path}`, strings, styles }));
    }
    const facts = readCoreProperties(archive, 'docProps/core.xml', name);
    return describedDocument(facts, writer.finish(), name);
  },
};

interface SheetPlace {
  readonly title: string;
  readonly path: string;
}

/** Sheets in the order of their tabs; hidden ones too: what is stored can be found. */
function sheetsOf(book: Uint8Array, archive: Archive, name: string): readonly SheetPlace[] {
  const relations = relationsOf(archive, BOOK, name);
  const sheets: SheetPlace[] = [];
  readXml(book, `${name}!/${BOOK}`, {
    open: ({ name: element, attributes }) => {
      if (element !== 'sheet') return;
      const path = relations.find(({ id }) => id === attributes['r:id'])?.target;
      if (path?.includes('worksheets/') === true) sheets.push({ title: attributes['name'] ?? '', path });
    },
  });
  return sheets;
}

/** The texts that cells refer to by number. Phonetic guides are left out. */
function readStrings(bytes: Uint8Array | null, place: string): readonly string[] {
  const strings: string[] = [];
  if (bytes === null) return strings;
  let text = '';
  let isText = false;
  let phonetic = 0;
  readXml(bytes, place, {
    open: ({ name }) => {
      if (name === 'si') text = '';
      else if (name === 'rPh') phonetic++;
      else if (name === 't') isText = phonetic === 0;
    },
    text: (piece) => {
      if (isText) text += piece;
    },
    close: (name) => {
      if (name === 'si') strings.push(text);
      else if (name === 'rPh') phonetic--;
      else if (name === 't') isText = false;
    },
  });
  return strings;
}

interface SheetParts {
  readonly place: string;
  readonly strings: readonly string[];
  readonly styles: CellStyles;
}

/** Rows by their number, from 1. */
function readSheet(
  bytes: Uint8Array,
  { place, strings, styles }: SheetParts,
): ReadonlyMap<number, readonly string[]> {
  const rows = new Map<number, string[]>();
  let cell = { row: 0, column: 0, type: '', style: 0 };
  let row = 0;
  let column = 0;
  let value = '';
  let isValue = false;
  const open = ({ name, attributes }: XmlElement): void => {
    if (name === 'row') {
      row = Number(attributes['r'] ?? row + 1);
      column = 0;
    } else if (name === 'c') {
      const place = placeOf(attributes['r'] ?? '') ?? { row, column: column + 1 };
      column = place.column;
      cell = { ...place, type: attributes['t'] ?? '', style: Number(attributes['s'] ?? 0) };
      value = '';
    } else if (name === 'v' || name === 't') isValue = true;
  };
  const close = (name: string): void => {
    if (name === 'v' || name === 't') isValue = false;
    if (name !== 'c' || value === '') return;
    const text = cellValue(value, { ...cell, strings, styles });
    if (cell.column > MAX_COLUMNS || cell.column < 1) return;
    const cells = rows.get(cell.row) ?? [];
    while (cells.length < cell.column - 1) cells.push('');
    cells[cell.column - 1] = text;
    rows.set(cell.row, cells);
  };
  const text = (piece: string): void => {
    if (isValue) value += piece;
  };
  readXml(bytes, place, { open, text, close });
  return rows;
}

/** What Excel itself allows. */
const MAX_COLUMNS = 16_384;

/** `B7` -> row 7, column 2. */
function placeOf(reference: string): { readonly row: number; readonly column: number } | null {
  const [, letters = '', digits = ''] = /^([A-Z]{1,3})(\d{1,7})$/.exec(reference) ?? [];
  if (letters === '') return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row: Number(digits), column };
}
