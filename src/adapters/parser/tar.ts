import type { FileInput, FileParser, ParseResult } from '../../core/documents/parser.ts';
import { nestingWithin } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';
import { archiveResult } from './archive-result.ts';
import { isLeftOut, type Child, type ParseChild } from './children.ts';
import { tarEntries } from './tar-entries.ts';

/** A tar archive: a document of every file in it. */
export function tarParser(parseChild: ParseChild): FileParser {
  return {
    format: 'tar',
    extensions: ['tar'],
    mediaTypes: ['application/x-tar'],
    parseFile: async (input) => parseTar(input, parseChild),
  };
}

async function parseTar(input: FileInput, parseChild: ParseChild): Promise<ParseResult> {
  const nesting = nestingWithin(input.name, input.nesting);
  return archiveResult(tarChildren(input), { parseChild, nesting, name: input.name });
}

function* tarChildren({ bytes, name }: FileInput): Generator<Child> {
  for (const { path: raw, kind, bytes: content } of tarEntries(bytes, name)) {
    const path = raw.replace(/^(?:\.\/)+/, '');
    if (kind === 'folder' || path === '' || isLeftOut(path)) continue;
    yield {
      path,
      read() {
        if (kind === 'file') return content;
        const code = kind === 'link' ? 'document_link_skipped' : 'document_unsupported';
        throw new HoldfastError(
          code,
          `${path} is a ${kind === 'link' ? 'link' : 'device or pipe'} in ${name}`,
        );
      },
    };
  }
}
