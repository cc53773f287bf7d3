import { constants, gunzipSync } from 'node:zlib';
import type { FileInput, FileParser, ParseResult } from '../../core/documents/parser.ts';
import { nestingWithin, type Nesting } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { ParseChild } from './children.ts';

/** Data packed with gzip: the file that it is packed from, often a tar archive. */
export function gzipParser(parseChild: ParseChild): FileParser {
  return {
    format: 'gzip',
    extensions: ['gz', 'tgz'],
    mediaTypes: ['application/gzip', 'application/x-gzip'],
    async parseFile(input): Promise<ParseResult> {
      const nesting = nestingWithin(input.name, input.nesting);
      return parseChild({ bytes: unpacked(input, nesting), name: innerName(input.name), nesting });
    },
  };
}

/** @throws HoldfastError `document_malformed`, `document_unpack_limit`. */
function unpacked({ bytes, name }: FileInput, { budget }: Nesting): Uint8Array {
  const allowed = budget.allowance(bytes.length);
  try {
    const result = gunzipSync(bytes, { maxOutputLength: allowed, finishFlush: constants.Z_FINISH });
    budget.takeBytes(result.length);
    return result;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const error = budget.exceeded(name, bytes.length, allowed);
      budget.takeBytes(allowed);
      throw error;
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('document_malformed', `${name} is damaged gzip data: ${reason}`, { cause });
  }
}

function innerName(name: string): string {
  return name.replace(/\.tgz$/i, '.tar').replace(/\.gz$/i, '');
}
