import type { ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { parseChildren, type Child, type ChildContext } from './children.ts';

/**
 * What an archive holds.
 * @throws HoldfastError `document_empty`; `document_unpack_limit` when more was in it than is unpacked: then it is not
 * taken at all.
 */
export async function archiveResult(
  children: Iterable<Child>,
  { name, ...context }: ChildContext & { readonly name: string },
): Promise<ParseResult> {
  const result = await parseChildren(children, context);
  if (result.documents.length === 0 && result.problems.length === 0)
    throw new HoldfastError('document_empty', `${name} holds no files`);
  return result;
}
