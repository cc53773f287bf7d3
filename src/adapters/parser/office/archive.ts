import type { FileInput } from '../../../core/documents/parser.ts';
import { nestingWithin } from '../../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { unzipEntry, zipEntries } from '../unzip.ts';

/** The parts of a document that is a ZIP archive; a part is unpacked when it is asked for. */
export interface Archive {
  has(path: string): boolean;
  /** Null when there is no such part. @throws HoldfastError as `unzipEntry`. */
  read(path: string): Uint8Array | null;
}

/** Office files with a password are wrapped in the container of the old formats, which start like this. */
const COMPOUND_FILE = [0xd0, 0xcf, 0x11, 0xe0];

/** @throws HoldfastError `document_malformed`, `document_encrypted`, `document_unpack_limit`. */
export function openArchive({ bytes, name, nesting }: FileInput): Archive {
  if (COMPOUND_FILE.every((byte, at) => bytes[at] === byte))
    throw new HoldfastError(
      'document_encrypted',
      `${name} is protected with a password, or in a format before 2007`,
    );
  const { budget } = nestingWithin(name, nesting);
  const entries = new Map(zipEntries(bytes, name).map((entry) => [entry.path, entry]));
  return {
    has: (path) => entries.has(path),
    read(path) {
      const entry = entries.get(path);
      return entry === undefined ? null : unzipEntry(bytes, { ...entry, path: `${name}!/${path}` }, budget);
    },
  };
}
