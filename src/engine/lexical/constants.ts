/** Constants of the lexical score. Defaults are measured: see docs/evaluation.md. */
export interface LexicalConstants {
  /** BM25 saturation of the term frequency. */
  readonly k1: number;
  /** BM25 length normalisation, 0 to 1. */
  readonly b: number;
  /** How often a word of the title counts, against 1 in the body. Fixed when a chunk is indexed. */
  readonly titleWeight: number;
  /** The same for words of the heading path. */
  readonly headingWeight: number;
  /** The same for the whole of an identifier or compound, beside its parts. */
  readonly compoundWeight: number;
  /** Weight of adjacent query terms that stand side by side, in order. */
  readonly orderedWeight: number;
  /** Weight of adjacent query terms within `window` terms of each other. */
  readonly windowWeight: number;
  readonly window: number;
  /** Proximity is looked at for so many of the best candidates, or for all results when more are asked for. */
  readonly rescored: number;
}

export const LEXICAL_DEFAULTS: LexicalConstants = {
  k1: 1,
  b: 0.6,
  titleWeight: 3,
  headingWeight: 1,
  compoundWeight: 0.5,
  orderedWeight: 0.2,
  windowWeight: 0.1,
  window: 8,
  rescored: 50,
};
