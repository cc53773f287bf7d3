import type { DocumentProblem, Format, ParsedDocument } from './document.ts';

export interface ParserInput {
  /** Decoded and normalised text: no byte order mark, line ends `\n`, no NUL, no lone surrogates. */
  readonly text: string;
  /** Base name of the file or title of the upload; for messages, and for the kind of source code. */
  readonly name: string;
}

/** A record that could not be parsed while the others could. */
export interface RecordProblem extends DocumentProblem {
  /** The key that the record would have had as a document, or its 1-based place. */
  readonly recordKey: string;
}

/** What a parser makes of one source item. */
export interface ParseResult {
  readonly documents: readonly ParsedDocument[];
  /** Broken records of a multi-record format; empty for every other format. */
  readonly problems: readonly RecordProblem[];
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
  parse(input: ParserInput): ParseResult;
}
