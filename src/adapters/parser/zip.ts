import type { FileInput, FileParser, ParseResult } from '../../core/documents/parser.ts';
import { nestingWithin, type Nesting } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';
import { archiveResult } from './archive-result.ts';
import { isLeftOut, type Child, type ParseChild } from './children.ts';
import { unzipEntry, zipEntries } from './unzip.ts';

/** A ZIP archive: a document of every file in it. */
export function zipParser(parseChild: ParseChild): FileParser {
  return {
    format: 'zip',
    extensions: ['zip'],
    mediaTypes: ['application/zip', 'application/x-zip-compressed'],
    async parseFile(input): Promise<ParseResult> {
      const nesting = nestingWithin(input.name, input.nesting);
      return archiveResult(zipChildren(input, nesting), { parseChild, nesting, name: input.name });
    },
  };
}

function* zipChildren({ bytes, name }: FileInput, { budget }: Nesting): Generator<Child> {
  for (const entry of zipEntries(bytes, name)) {
    const { path } = entry;
    if (entry.isFolder || path === '' || isLeftOut(path)) continue;
    yield {
      path,
      read() {
        if (entry.isLink)
          throw new HoldfastError('document_link_skipped', `${path} is a symbolic link in ${name}`);
        return unzipEntry(bytes, entry, budget);
      },
    };
  }
}
