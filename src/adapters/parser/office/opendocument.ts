import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { writeTable } from '../write-table.ts';
import { readCoreProperties } from './core-properties.ts';
import { describedDocument } from './described-document.ts';
import { readXml, type XmlElement } from './read-xml.ts';
import { SheetWriter } from './sheet-writer.ts';
import { openArchive } from './archive.ts';

const CONTENT = 'content.xml';

/** OpenDocument texts, spreadsheets and presentations: one format of XML for all three. */
export const openDocumentParser: FileParser = {
  format: 'opendocument',
  extensions: ['odt', 'ods', 'odp', 'ott', 'ots', 'otp'],
  mediaTypes: [
    'application/vnd.oasis.opendocument.text',
    'application/vnd.oasis.opendocument.spreadsheet',
    'application/vnd.oasis.opendocument.presentation',
  ],
  async parseFile(input) {
    const { name } = input;
    const archive = openArchive(input);
    const manifest = archive.read('META-INF/manifest.xml');
    if (manifest !== null && isEncrypted(manifest, `${name}!/META-INF/manifest.xml`))
      throw new HoldfastError('document_encrypted', `${name} is protected by a password`);
    const content = archive.read(CONTENT);
    if (content === null) throw new HoldfastError('document_malformed', `${name} has no ${CONTENT}`);
    const reader = new ContentReader();
    readXml(content, `${name}!/${CONTENT}`, {
      open: (element) => reader.open(element),
      text: (text) => reader.text(text),
      close: (element) => reader.close(element),
    });
    const facts = readCoreProperties(archive, 'meta.xml', name);
    return describedDocument(facts, reader.finish(), name);
  },
};

function isEncrypted(manifest: Uint8Array, place: string): boolean {
  let isProtected = false;
  readXml(manifest, place, {
    open: ({ name }) => {
      if (name === 'encryption-data') isProtected = true;
    },
  });
  return isProtected;
}

/** Text of these is not what the reader of the document sees. */
const LEFT_OUT = new Set([
  'tracked-changes',
  'annotation',
  'ruby-text',
  'bookmark-start',
  'forms',
  'scripts',
  'note-citation',
  'page-number',
]);
/** An empty cell or row may stand for very many. */
const MAX_REPEATED = 1000;

class ContentReader {
  readonly #writer = new BlockWriter();
  readonly #sheets = new SheetWriter();
  #isSpreadsheet = false;
  #left = 0;
  #paragraphs = 0;
  #paragraph = '';
  #level = 0;
  #lists = 0;
  #page = 0;
  #notes = 0;
  #isTitle = false;
  /** The paragraph that a footnote stands in, and the footnotes of it so far. */
  #outer: { readonly paragraph: string; readonly level: number; readonly paragraphs: number } | null = null;
  #footnotes: string[] = [];
  #tables = 0;
  #sheet = '';
  #rowNumber = 0;
  #rowRepeats = 1;
  #cellRepeats = 1;
  #cell = '';
  #row: string[] = [];
  #rows = new Map<number, readonly string[]>();

  finish() {
    return this.#isSpreadsheet ? this.#sheets.finish() : this.#writer.finish();
  }

  open(element: XmlElement): void {
    const { name, attributes } = element;
    if (LEFT_OUT.has(name) || this.#left > 0) this.#left++;
    else if (name === 'p' || name === 'h') this.#openParagraph(element);
    else if (name === 's')
      this.#paragraph += ' '.repeat(Math.min(MAX_REPEATED, Number(attributes['c'] ?? 1)));
    else if (name === 'tab') this.#paragraph += '\t';
    else if (name === 'line-break') this.#paragraph += '\n';
    else if (name === 'note') this.#openNote();
    else this.#enter(element);
  }

  /** Elements that say what the paragraphs in them are. */
  #enter(element: XmlElement): void {
    const { name, attributes } = element;
    if (name === 'list-item') this.#lists++;
    else if (name === 'spreadsheet') this.#isSpreadsheet = true;
    else if (name === 'page') this.#page++;
    else if (name === 'notes') this.#notes++;
    else if (name === 'frame') this.#isTitle = attributes['presentation:class'] === 'title';
    else this.#openTable(element);
  }

  text(text: string): void {
    if (this.#left === 0 && this.#paragraphs > 0) this.#paragraph += text.replaceAll(/[ \t\r\n]+/g, ' ');
  }

  close(name: string): void {
    if (this.#left > 0) this.#left--;
    else if (name === 'p' || name === 'h') this.#closeParagraph();
    else if (name === 'list-item') this.#lists--;
    else if (name === 'notes') this.#notes--;
    else if (name === 'note') this.#closeNote();
    else this.#closeTable(name);
  }

  #openParagraph({ name, attributes }: XmlElement): void {
    // A paragraph in a frame inside a paragraph: their texts go together.
    if (this.#paragraphs++ > 0) return;
    this.#paragraph = '';
    this.#level = name === 'h' ? Math.min(6, Math.max(1, Number(attributes['outline-level'] ?? 1))) : 0;
  }

  #closeParagraph(): void {
    if (--this.#paragraphs > 0) this.#paragraph += '\n';
    else if (this.#outer !== null) this.#footnotes.push(this.#paragraph);
    else if (this.#tables > 0) this.#cell += `${this.#cell === '' ? '' : '\n'}${this.#paragraph}`;
    else this.#writeParagraph(this.#paragraph);
  }

  #writeParagraph(text: string): void {
    const at = this.#page > 0 ? { page: this.#page } : {};
    const isSlideTitle = this.#isTitle && this.#page > 0 && this.#notes === 0;
    const level = isSlideTitle ? 1 : this.#level;
    if (level > 0) this.#writer.add('heading', text, { level, ...at });
    else this.#writer.add(this.#notes > 0 ? 'quote' : this.#lists > 0 ? 'list_item' : 'paragraph', text, at);
    for (const note of this.#footnotes.splice(0)) this.#writer.add('paragraph', note, at);
  }

  /** A footnote is told after the paragraph that it stands in. */
  #openNote(): void {
    this.#outer ??= { paragraph: this.#paragraph, level: this.#level, paragraphs: this.#paragraphs };
    this.#paragraphs = 0;
  }

  #closeNote(): void {
    if (this.#outer === null) return;
    ({ paragraph: this.#paragraph, level: this.#level, paragraphs: this.#paragraphs } = this.#outer);
    this.#outer = null;
  }

  #openTable({ name, attributes }: XmlElement): void {
    const repeated = (kind: string): number =>
      Math.max(1, Number(attributes[`number-${kind}-repeated`] ?? 1));
    if (name === 'table' && this.#tables++ === 0) {
      this.#sheet = attributes['name'] ?? '';
      this.#rows = new Map();
      this.#rowNumber = 0;
    } else if (this.#tables !== 1) return;
    else if (name === 'table-row') {
      this.#row = [];
      this.#rowRepeats = repeated('rows');
    } else if (name === 'table-cell' || name === 'covered-table-cell') {
      this.#cell = '';
      this.#cellRepeats = repeated('columns');
    }
  }

  #closeTable(name: string): void {
    if (name === 'table' && --this.#tables === 0) this.#endTable();
    else if (this.#tables !== 1) return;
    else if (name === 'table-cell' || name === 'covered-table-cell') {
      // Cells at the end of a row are repeated to the edge of the sheet.
      for (let copy = 0; copy < Math.min(MAX_REPEATED, this.#cellRepeats); copy++) this.#row.push(this.#cell);
    } else if (name === 'table-row') this.#endRow();
  }

  #endRow(): void {
    while (this.#row.at(-1) === '') this.#row.pop();
    if (this.#row.length > 0)
      for (let copy = 1; copy <= Math.min(MAX_REPEATED, this.#rowRepeats); copy++)
        this.#rows.set(this.#rowNumber + copy, this.#row);
    this.#rowNumber += this.#rowRepeats;
  }

  #endTable(): void {
    if (this.#isSpreadsheet) this.#sheets.addSheet(this.#sheet, this.#rows);
    else writeTable([...this.#rows.values()], this.#writer, this.#page > 0 ? this.#page : undefined);
  }
}
