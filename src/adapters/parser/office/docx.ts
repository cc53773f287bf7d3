import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { writeTable } from '../write-table.ts';
import { readCoreProperties } from './core-properties.ts';
import { describedDocument } from './described-document.ts';
import { readXml, type XmlElement } from './read-xml.ts';
import { openArchive } from './archive.ts';

const BODY = 'word/document.xml';
/** Read after the body: they belong to it, but stand nowhere in particular. */
const NOTES = ['word/footnotes.xml', 'word/endnotes.xml', 'word/comments.xml'] as const;

/** Word documents: paragraphs, headings by their style, lists, tables row by row, notes. Deleted text is left out. */
export const docxParser: FileParser = {
  format: 'docx',
  extensions: ['docx', 'docm', 'dotx'],
  mediaTypes: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  async parseFile(input) {
    const { name } = input;
    const archive = openArchive(input);
    const body = archive.read(BODY);
    if (body === null) throw new HoldfastError('document_malformed', `${name} has no ${BODY}`);
    const styles = readStyles(archive.read('word/styles.xml'), `${name}!/word/styles.xml`);
    const writer = new BlockWriter();
    writeStory(body, { place: `${name}!/${BODY}`, styles, writer });
    for (const path of NOTES) {
      const notes = archive.read(path);
      if (notes !== null) writeStory(notes, { place: `${name}!/${path}`, styles, writer });
    }
    const facts = readCoreProperties(archive, 'docProps/core.xml', name);
    const title = facts.title ?? firstTitle(writer);
    return describedDocument({ ...facts, title }, writer.finish(), name);
  },
};

function firstTitle(writer: BlockWriter): string | null {
  const { text, blocks } = writer.finish();
  const [first] = blocks;
  return first?.kind === 'heading' && first.level === 1 ? text.slice(first.start, first.end) : null;
}

/** Heading level by the id of a style; a style that is based on a heading is one too. */
function readStyles(bytes: Uint8Array | null, place: string): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const basedOn = new Map<string, string>();
  if (bytes === null) return levels;
  let id = '';
  readXml(bytes, place, {
    open({ name, attributes }) {
      const value = attributes['val'] ?? '';
      if (name === 'style') id = attributes['styleId'] ?? '';
      else if (name === 'basedOn') basedOn.set(id, value);
      else if (name === 'name') levels.set(id, levelOfName(value));
      else if (name === 'outlineLvl' && (levels.get(id) ?? 0) === 0) levels.set(id, outline(value));
    },
  });
  for (const style of levels.keys()) {
    let base: string | undefined = style;
    for (let step = 0; step < 8 && base !== undefined && (levels.get(base) ?? 0) === 0; step++)
      base = basedOn.get(base);
    if (base !== undefined) levels.set(style, levels.get(base) ?? 0);
  }
  return levels;
}

function levelOfName(name: string): number {
  if (/^title$/i.test(name)) return 1;
  return Number(/^(?:heading|überschrift|titre) ([1-6])$/i.exec(name)?.[1] ?? 0);
}

/** `w:outlineLvl` counts from 0; 9 is body text. */
function outline(value: string): number {
  const level = Number(value) + 1;
  return level >= 1 && level <= 6 ? level : 0;
}

interface StoryParts {
  readonly place: string;
  readonly styles: ReadonlyMap<string, number>;
  readonly writer: BlockWriter;
}

/** Text of these is not what the reader of the document sees. */
const LEFT_OUT = new Set(['del', 'moveFrom', 'instrText', 'delText', 'fldData', 'Fallback']);

/** Elements that stand for a character. */
const CHARACTERS: Readonly<Record<string, string>> = { tab: '\t', br: '\n', cr: '\n', noBreakHyphen: '-' };

function writeStory(bytes: Uint8Array, { place, styles, writer }: StoryParts): void {
  const story = new Story(styles, writer);
  readXml(bytes, place, {
    open: (element) => story.open(element),
    text: (text) => story.text(text),
    close: (name) => story.close(name),
  });
}

/** Paragraphs and tables as they come. A table in a cell is read as text of the cell. */
class Story {
  readonly #styles: ReadonlyMap<string, number>;
  readonly #writer: BlockWriter;
  #left = 0;
  #isText = false;
  #paragraph = '';
  #level = 0;
  #isListItem = false;
  #tables = 0;
  #cell = '';
  #row: string[] = [];
  #rows: string[][] = [];

  constructor(styles: ReadonlyMap<string, number>, writer: BlockWriter) {
    this.#styles = styles;
    this.#writer = writer;
  }

  open({ name, attributes }: XmlElement): void {
    if (LEFT_OUT.has(name) || this.#left > 0) this.#left++;
    else if (name === 't') this.#isText = true;
    else if (name === 'pStyle') this.#level = this.#styles.get(attributes['val'] ?? '') ?? 0;
    else if (name === 'numPr') this.#isListItem = true;
    else if (Object.hasOwn(CHARACTERS, name)) this.#paragraph += CHARACTERS[name] ?? '';
    else this.#openTable(name);
  }

  #openTable(name: string): void {
    if (name === 'tbl' && this.#tables++ === 0) this.#rows = [];
    else if (name === 'tr' && this.#tables === 1) this.#row = [];
    else if (name === 'tc' && this.#tables === 1) this.#cell = '';
  }

  text(text: string): void {
    if (this.#isText && this.#left === 0) this.#paragraph += text;
  }

  close(name: string): void {
    if (this.#left > 0) this.#left--;
    else if (name === 't') this.#isText = false;
    else if (name === 'p') this.#endParagraph();
    else if (name === 'tc' && this.#tables === 1) this.#row.push(this.#cell);
    else if (name === 'tr' && this.#tables === 1) this.#rows.push(this.#row);
    else if (name === 'tbl' && --this.#tables === 0) this.#endTable();
  }

  #endParagraph(): void {
    const text = this.#paragraph;
    const level = this.#level;
    const isListItem = this.#isListItem;
    this.#paragraph = '';
    this.#level = 0;
    this.#isListItem = false;
    if (this.#tables > 0) this.#cell += `${this.#cell === '' ? '' : '\n'}${text}`;
    else if (level > 0) this.#writer.add('heading', text, { level });
    else this.#writer.add(isListItem ? 'list_item' : 'paragraph', text);
  }

  #endTable(): void {
    writeTable(this.#rows, this.#writer);
  }
}
