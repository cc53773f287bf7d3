import type { Scope } from '../documents/ids.ts';

/** An index term and the word it stands for, as a range of the analysed text. */
export interface AnalyzedTerm {
  readonly term: string;
  readonly start: number;
  readonly end: number;
}

export interface WeightedTerm extends AnalyzedTerm {
  /** Inverse document frequency in the collection; 0 when no chunk holds the term. */
  readonly idf: number;
}

/** How the lexical index of a collection reads text. Cheap enough to call per sentence. */
export interface TextAnalysis {
  /** The question's terms without the words that only ask, in order. */
  queryTerms(scope: Scope, query: string): Promise<readonly WeightedTerm[]>;
  /** Terms of a text in a language (ISO 639-1), stop words left out. */
  terms(text: string, language: string): readonly AnalyzedTerm[];
  /** idf of a term that no chunk holds: what a rare word would weigh. */
  unknownIdf(scope: Scope): Promise<number>;
}

/** Unit vectors of short texts from the built-in model; an all-zero vector when it knows no word. */
export type EmbedShort = (text: string) => Float32Array;
