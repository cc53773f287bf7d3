import type { ParsedDocument } from '../../core/documents/document.ts';
import type { ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';

/**
 * The result of a parser whose source item is one document.
 * @throws HoldfastError `document_empty` when markup was all there was.
 */
export function singleDocument(document: ParsedDocument, name: string): ParseResult {
  if (document.blocks.length === 0)
    throw new HoldfastError('document_empty', `${name} holds no text besides its markup`);
  return { documents: [document], problems: [] };
}
