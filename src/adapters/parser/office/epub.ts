import { dirname, join } from 'node:path/posix';
import { parse } from 'parse5';
import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { decodeText } from '../decode.ts';
import { writeHtml } from '../html-blocks.ts';
import { mainContent } from '../html-main.ts';
import type { CoreProperties } from './core-properties.ts';
import { describedDocument } from './described-document.ts';
import { readXml } from './read-xml.ts';
import { openArchive, type Archive } from './archive.ts';

const CONTAINER = 'META-INF/container.xml';

/** Books: the chapters of the spine in their order. */
export const epubParser: FileParser = {
  format: 'epub',
  extensions: ['epub'],
  mediaTypes: ['application/epub+zip'],
  async parseFile(input) {
    const { name } = input;
    const archive = openArchive(input);
    if (archive.has('META-INF/rights.xml') || hasEncryptedText(archive, name))
      throw new HoldfastError('document_encrypted', `${name} is protected against copying`);
    const book = readPackage(archive, name);
    const writer = new BlockWriter();
    for (const path of book.spine) {
      const chapter = archive.read(path);
      if (chapter === null) throw new HoldfastError('document_malformed', `${name} has no ${path}`);
      writeHtml(mainContent(parse(decodeText(chapter, `${name}!/${path}`))), writer);
    }
    return describedDocument(book, writer.finish(), name);
  },
};

/** Fonts may be scrambled; a chapter that is cannot be read. */
function hasEncryptedText(archive: Archive, name: string): boolean {
  const path = 'META-INF/encryption.xml';
  const bytes = archive.read(path);
  if (bytes === null) return false;
  let isProtected = false;
  readXml(bytes, `${name}!/${path}`, {
    open: ({ name: element, attributes }) => {
      if (element === 'CipherReference' && /\.x?html?$/i.test(attributes['URI'] ?? '')) isProtected = true;
    },
  });
  return isProtected;
}

interface Book extends CoreProperties {
  /** Paths of the chapters. */
  readonly spine: readonly string[];
}

function readPackage(archive: Archive, name: string): Book {
  const container = archive.read(CONTAINER);
  if (container === null) throw new HoldfastError('document_malformed', `${name} has no ${CONTAINER}`);
  let path = '';
  readXml(container, `${name}!/${CONTAINER}`, {
    open: ({ name: element, attributes }) => {
      if (element === 'rootfile' && path === '') path = attributes['full-path'] ?? '';
    },
  });
  const bytes = archive.read(path);
  if (bytes === null)
    throw new HoldfastError('document_malformed', `${name} has no package document "${path}"`);
  const items = new Map<string, string>();
  const spine: string[] = [];
  const facts = new Map<string, string>();
  let open = '';
  readXml(bytes, `${name}!/${path}`, {
    open: ({ name: element, attributes }) => {
      const { id = '', href = '', idref = '', linear = 'yes' } = attributes;
      open = element;
      if (element === 'item') items.set(id, join(dirname(path), decodedPath(href)));
      else if (element === 'itemref' && linear !== 'no') spine.push(items.get(idref) ?? '');
    },
    text: (text) => {
      if (text.trim() !== '' && !facts.has(open)) facts.set(open, text.trim());
    },
  });
  return {
    title: facts.get('title') ?? null,
    author: facts.get('creator') ?? null,
    language: facts.get('language')?.slice(0, 2).toLowerCase() ?? null,
    spine: spine.filter((chapter) => chapter !== ''),
  };
}

function decodedPath(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    // A percent sign that starts no escape is a part of the name.
    return href;
  }
}
