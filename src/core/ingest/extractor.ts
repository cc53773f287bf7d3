import type { Format } from '../documents/document.ts';

/** A file that no built-in parser takes. */
export interface ExtractorFile {
  readonly bytes: Uint8Array;
  /** File name: its extension helps to tell the kind of file. */
  readonly name: string;
}

/** What an extractor made of a file: bytes for the parser of a format. */
export interface Extraction {
  readonly format: Format;
  readonly bytes: Uint8Array;
}

/** A server that reads files of kinds that Holdfast has no parser for. */
export interface Extractor {
  /**
   * @throws HoldfastError `extractor_unavailable` and `extractor_busy`, which say nothing about the file;
   * `document_timeout`, `document_too_large` and `document_malformed`, which do. The reason of `signal`.
   */
  extract(file: ExtractorFile, signal: AbortSignal): Promise<Extraction>;
}
