import type { ParsedDocument } from '../../../core/documents/document.ts';
import type { ParseResult } from '../../../core/documents/parser.ts';
import { flatMetadata } from '../front-matter.ts';
import { singleDocument } from '../single-document.ts';
import type { CoreProperties } from './core-properties.ts';

/**
 * The result of a parser whose file is one document and says title, author and language of itself.
 * @throws HoldfastError as `singleDocument`.
 */
export function describedDocument(
  { title, author, language }: CoreProperties,
  content: Pick<ParsedDocument, 'text' | 'blocks'>,
  name: string,
): ParseResult {
  const metadata = flatMetadata(author === null ? [] : [['author', author]]);
  return singleDocument({ recordKey: null, title, uri: null, metadata, language, ...content }, name);
}
