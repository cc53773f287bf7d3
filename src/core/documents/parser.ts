import type { Format, ParsedDocument } from './document.ts';

export interface ParserInput {
  /** Decoded text: line ends as in the file, no byte order mark. */
  readonly text: string;
  /** Base name of the file or title of the upload; for messages and fallback titles only. */
  readonly name: string;
}

/**
 * Turns one source item of a format into documents. Pure and synchronous (it runs in a worker thread);
 * must be linear in the input and must not recurse on the input's depth.
 */
export interface Parser {
  readonly format: Format;
  /** Lower-case file extensions without the dot. */
  readonly extensions: readonly string[];
  /** Media types, lower case, without parameters. */
  readonly mediaTypes: readonly string[];
  /** @throws HoldfastError `document_malformed`, `document_empty` with the place in the message. */
  parse(input: ParserInput): readonly ParsedDocument[];
}
