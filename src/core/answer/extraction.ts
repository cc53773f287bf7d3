import type { Span } from '../documents/document.ts';
import type { ChunkId } from '../documents/ids.ts';
import type { AnalyzedTerm, EmbedShort, WeightedTerm } from '../retrieval/text-analysis.ts';

/** A search result as the extractor reads it. */
export interface Passage {
  readonly chunkId: ChunkId;
  /** The chunk's text: `versionText.slice(start, start + text.length)`. */
  readonly text: string;
  /** Offset of the chunk in the text of its document version. */
  readonly start: number;
  /** ISO 639-1 code that the chunk was indexed with. */
  readonly language: string;
  readonly title: string;
  /** Headings above the chunk, outermost first. */
  readonly headingPath: readonly string[];
  /** The rank-deciding score; comparable within one question. */
  readonly score: number;
}

export interface ExtractInput {
  readonly query: string;
  /** The question's terms as the lexical index reads them. */
  readonly queryTerms: readonly WeightedTerm[];
  /** idf of a term that no chunk holds. */
  readonly unknownIdf: number;
  /** Best first; more than about ten only cost time. */
  readonly passages: readonly Passage[];
}

export interface ExtractTools {
  terms(text: string, language: string): readonly AnalyzedTerm[];
  readonly embed: EmbedShort;
  sentenceSpans(text: string, start: number, end: number): readonly Span[];
}

export interface ExtractOptions {
  /** Upper bound of all quotes together, in characters. */
  readonly maxChars: number;
  /** Refuse below this confidence, 0 to 1. */
  readonly minConfidence: number;
}

/** Something verbatim from a passage: `versionText.slice(start, end) === quote`. */
export interface Quote extends Span {
  /** Place of its passage in the input. */
  readonly passage: number;
  readonly quote: string;
  /** Comparable within one extraction. */
  readonly score: number;
}

export type Extraction =
  | {
      readonly refused: false;
      /** The best single answer first. */
      readonly quotes: readonly Quote[];
      /** How sure it is that the passages answer the question, 0 to 1. */
      readonly confidence: number;
    }
  | {
      readonly refused: true;
      readonly reason: 'no_results' | 'not_answered';
      readonly quotes: readonly [];
      readonly confidence: number;
    };
