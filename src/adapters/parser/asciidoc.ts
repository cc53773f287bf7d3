import { parse } from 'parse5';
import type { FileParser } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { BlockWriter } from './block-writer.ts';
import { decodeText, normaliseText } from './decode.ts';
import { languageCode } from './front-matter.ts';
import { writeHtml } from './html-blocks.ts';
import { singleDocument } from './single-document.ts';

/** Attributes that say something about the document. */
const FACTS = ['author', 'revnumber', 'revdate', 'description', 'keywords'] as const;

/** AsciiDoc as Asciidoctor reads it. Nothing is included from other files, and no diagram or formula is drawn. */
export const asciidocParser: FileParser = {
  format: 'asciidoc',
  extensions: ['adoc', 'asciidoc', 'asc'],
  mediaTypes: ['text/asciidoc', 'text/x-asciidoc'],
  async parseFile({ bytes, name }) {
    const { html, title, attributes } = await convert(decodeText(bytes, name), name);
    const writer = new BlockWriter();
    writeHtml(parse(html), writer);
    const metadata = Object.fromEntries(
      FACTS.flatMap((fact) => (isFact(attributes[fact]) ? [[fact, attributes[fact]]] : [])),
    );
    const language = languageCode(attributes['lang']);
    return singleDocument(
      { recordKey: null, title, uri: null, ...writer.finish(), metadata, language },
      name,
    );
  },
};

interface Converted {
  readonly html: string;
  readonly title: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

async function convert(text: string, name: string): Promise<Converted> {
  try {
    // Loaded with the first file that needs it.
    const { load } = await import('@asciidoctor/core');
    const document = await load(text, {
      safe: 'secure',
      logger: null,
      attributes: { 'sectids!': '', showtitle: '' },
    });
    const html = await document.convert({ standalone: false });
    const title = document.getDocumentTitle();
    return {
      html: normaliseText(html),
      title: typeof title === 'string' ? plainText(title) : null,
      attributes: document.getAttributes(),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('document_malformed', `${name} is no valid AsciiDoc: ${reason}`, { cause });
  }
}

/** A title comes as HTML. */
function plainText(html: string): string | null {
  const writer = new BlockWriter();
  writeHtml(parse(html), writer);
  return writer.finish().text.replaceAll(/\s+/g, ' ').trim() || null;
}

function isFact(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
