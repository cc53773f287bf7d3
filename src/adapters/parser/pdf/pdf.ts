import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { flatMetadata } from '../front-matter.ts';
import { singleDocument } from '../single-document.ts';
import { linesOf, type PageLine } from './page-lines.ts';
import { writePages } from './page-text.ts';
import { openPdf, type OpenedPdf } from './pdfjs.ts';

/** More pages than any real document that people ask questions of. */
const MAX_PAGES = 20_000;
/** What a document may hold as text. */
const MAX_CHARS = 64 * 2 ** 20;

/** PDF: text in reading order with the page of each block. Pages that are pictures of text have none. */
export const pdfParser: FileParser = {
  format: 'pdf',
  extensions: ['pdf'],
  mediaTypes: ['application/pdf', 'application/x-pdf'],
  async parseFile({ bytes, name }) {
    await using pdf = await openPdf(bytes, name);
    if (pdf.pageCount > MAX_PAGES)
      throw new HoldfastError(
        'document_too_large',
        `${name} has ${pdf.pageCount} pages; at most ${MAX_PAGES} are read`,
      );
    const pages = await readPages(pdf, name);
    const writer = new BlockWriter();
    writePages(pages, writer);
    if (writer.blockCount === 0)
      throw new HoldfastError(
        'no_text',
        `${name}: none of its ${pdf.pageCount} pages holds text; they are probably scanned`,
      );
    const { title, author, language } = pdf;
    const empty = pages.flatMap((lines, at) => (lines.length === 0 ? [at + 1] : []));
    const facts: [string, unknown][] = [['pages', pdf.pageCount]];
    if (author !== null) facts.push(['author', author]);
    // Said in the metadata, where a list of documents shows it: the others were read.
    if (empty.length > 0) facts.push(['pages_without_text', empty.slice(0, 100).map(String)]);
    const metadata = flatMetadata(facts);
    return singleDocument(
      { recordKey: null, title, uri: null, metadata, language, ...writer.finish() },
      name,
    );
  },
};

async function readPages(pdf: OpenedPdf, name: string): Promise<readonly (readonly PageLine[])[]> {
  const pages: (readonly PageLine[])[] = [];
  let chars = 0;
  for (let number = 1; number <= pdf.pageCount; number++) {
    const lines = linesOf(await pdf.items(number));
    pages.push(lines);
    for (const { text } of lines) chars += text.length;
    if (chars > MAX_CHARS)
      throw new HoldfastError(
        'document_too_large',
        `${name} holds more than ${MAX_CHARS} characters of text`,
      );
  }
  return pages;
}
