import type { DocumentProblem, Format, ParsedDocument } from './document.ts';
import type { Nesting } from './unpack-budget.ts';

export interface ParserInput {
  /** Decoded and normalised text: no byte order mark, line ends `\n`, no NUL, no lone surrogates. */
  readonly text: string;
  /** Base name of the file or title of the upload; for messages, and for the kind of source code. */
  readonly name: string;
}

/** A record that could not be parsed while the others could. */
export interface RecordProblem extends DocumentProblem {
  /** The key that the record would have had as a document, or its 1-based place; null: the rest of the item. */
  readonly recordKey: string | null;
}

/** What a parser makes of one source item. */
export interface ParseResult {
  readonly documents: readonly ParsedDocument[];
  /** Broken records of a multi-record format; empty for every other format. */
  readonly problems: readonly RecordProblem[];
}

/** What a parser of files gets. */
export interface FileInput {
  /** Never changed, and copied where a part of it is kept. */
  readonly bytes: Uint8Array;
  /** As in `ParserInput`. */
  readonly name: string;
  /** Given for a file within another one. */
  readonly nesting?: Nesting;
}

/** What tells that a file is of a format. */
export interface FormatNames {
  readonly format: Format;
  /** Lower-case file extensions without the dot. */
  readonly extensions: readonly string[];
  /** Media types, lower case, without parameters. */
  readonly mediaTypes: readonly string[];
}

/**
 * Turns the text of one source item into documents. Pure and synchronous (it runs in a worker thread);
 * must be linear in the input and must not recurse on the input's depth.
 */
export interface Parser extends FormatNames {
  /** @throws HoldfastError `document_malformed`, `document_empty` with the place in the message. */
  parse(input: ParserInput): ParseResult;
}

/**
 * Turns the bytes of one source item into documents: for formats that are no text, or whose library waits. Runs in a
 * worker thread as well, with the same duties, and bounds what it unpacks.
 */
export interface FileParser extends FormatNames {
  /** @throws HoldfastError `document_malformed`, `document_empty`, `document_binary` with the place in the message. */
  parseFile(input: FileInput): Promise<ParseResult>;
}
