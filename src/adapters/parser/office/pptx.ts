import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { writeTable } from '../write-table.ts';
import { readCoreProperties } from './core-properties.ts';
import { describedDocument } from './described-document.ts';
import { readXml, type XmlElement } from './read-xml.ts';
import { relationsOf } from './relations.ts';
import { openArchive, type Archive } from './archive.ts';

const DECK = 'ppt/presentation.xml';

/** Slides in their order, each with its number as page, its title as heading, its tables and its notes. */
export const pptxParser: FileParser = {
  format: 'pptx',
  extensions: ['pptx', 'pptm', 'ppsx', 'potx'],
  mediaTypes: ['application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  async parseFile(input) {
    const { name } = input;
    const archive = openArchive(input);
    const writer = new BlockWriter();
    for (const [at, path] of slidePaths(archive, name).entries())
      writeSlide(archive, { path, page: at + 1, writer, name });
    const facts = readCoreProperties(archive, 'docProps/core.xml', name);
    return describedDocument(facts, writer.finish(), name);
  },
};

/** The deck says the order; the numbers in the names do not. */
function slidePaths(archive: Archive, name: string): readonly string[] {
  const deck = archive.read(DECK);
  if (deck === null) throw new HoldfastError('document_malformed', `${name} has no ${DECK}`);
  const relations = relationsOf(archive, DECK, name);
  const ids: string[] = [];
  readXml(deck, `${name}!/${DECK}`, {
    open: ({ name: element, attributes }) => {
      if (element === 'sldId') ids.push(attributes['r:id'] ?? '');
    },
  });
  return ids.flatMap((id) => relations.find((relation) => relation.id === id)?.target ?? []);
}

interface SlideParts {
  readonly path: string;
  readonly page: number;
  readonly writer: BlockWriter;
  readonly name: string;
}

function writeSlide(archive: Archive, { path, page, writer, name }: SlideParts): void {
  const slide = archive.read(path);
  if (slide === null) throw new HoldfastError('document_malformed', `${name} has no ${path}`);
  const shapes = readShapes(slide, `${name}!/${path}`);
  const title = shapes.find(({ kind }) => kind === 'title' || kind === 'ctrTitle');
  if (title !== undefined) writer.add('heading', title.paragraphs.join(' '), { level: 1, page });
  for (const shape of shapes) {
    if (shape === title) continue;
    for (const rows of shape.tables) writeTable(rows, writer, page);
    for (const paragraph of shape.paragraphs) writer.add('paragraph', paragraph, { page });
  }
  for (const { type, target } of relationsOf(archive, path, name)) {
    if (!type.endsWith('/notesSlide')) continue;
    const notes = archive.read(target);
    if (notes === null) continue;
    for (const { kind, paragraphs } of readShapes(notes, `${name}!/${target}`))
      if (kind === 'body') for (const paragraph of paragraphs) writer.add('quote', paragraph, { page });
  }
}

interface Shape {
  /** Of the placeholder: `title`, `body`, `sldNum`, ...; empty for a free shape. */
  kind: string;
  readonly paragraphs: string[];
  readonly tables: string[][][];
}

/** Placeholders that say the same on every slide. */
const FURNITURE = new Set(['sldNum', 'dt', 'ftr', 'hdr', 'sldImg']);

function readShapes(bytes: Uint8Array, place: string): readonly Shape[] {
  const reader = new ShapeReader();
  readXml(bytes, place, {
    open: (element) => reader.open(element),
    text: (text) => reader.text(text),
    close: (name) => reader.close(name),
  });
  return reader.shapes.filter(({ kind }) => !FURNITURE.has(kind));
}

class ShapeReader {
  readonly shapes: Shape[] = [];
  #shape: Shape = { kind: '', paragraphs: [], tables: [] };
  #isText = false;
  #paragraph = '';
  #cell: string | null = null;
  #row: string[] = [];
  #rows: string[][] = [];

  open({ name, attributes }: XmlElement): void {
    if (name === 'sp' || name === 'graphicFrame') this.#shape = { kind: '', paragraphs: [], tables: [] };
    else if (name === 'ph') this.#shape.kind = attributes['type'] ?? 'body';
    else if (name === 't') this.#isText = true;
    else if (name === 'br') this.#paragraph += '\n';
    else if (name === 'tbl') this.#rows = [];
    else if (name === 'tr') this.#row = [];
    else if (name === 'tc') this.#cell = '';
  }

  text(text: string): void {
    if (this.#isText) this.#paragraph += text;
  }

  close(name: string): void {
    if (name === 't') this.#isText = false;
    else if (name === 'p') this.#endParagraph();
    else if (name === 'tc') this.#endCell();
    else if (name === 'tr') this.#rows.push(this.#row);
    else if (name === 'tbl') this.#shape.tables.push(this.#rows);
    else if (name === 'sp' || name === 'graphicFrame') this.shapes.push(this.#shape);
  }

  #endParagraph(): void {
    const text = this.#paragraph.trim();
    this.#paragraph = '';
    if (text === '') return;
    if (this.#cell === null) this.#shape.paragraphs.push(text);
    else this.#cell += `${this.#cell === '' ? '' : '\n'}${text}`;
  }

  #endCell(): void {
    this.#row.push(this.#cell ?? '');
    this.#cell = null;
  }
}
