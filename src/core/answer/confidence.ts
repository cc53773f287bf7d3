import { coverage, type ReadPassage } from './candidates.ts';
import type { ExtractInput } from './extraction.ts';
import type { Question } from './question.ts';
import type { ScoredCandidate } from './score.ts';

/** What tells an answered question from one that the documents say nothing about; each 0 to 1. */
export interface Evidence {
  /** Most of the question's idf that one passage holds. */
  readonly passage: number;
  /** The same for one unit with title and headings. */
  readonly unit: number;
  /** Nearness of the question's words in the best unit. */
  readonly near: number;
  /** Cosine of the best passage; null when there is none. */
  readonly cosine: number | null;
  /** Weight of the question's words that no chunk of the collection holds. */
  readonly unknown: number;
}

export function gatherEvidence(
  input: ExtractInput,
  question: Question,
  read: { readonly passages: readonly ReadPassage[]; readonly scored: readonly ScoredCandidate[] },
): Evidence {
  const cosines = input.passages.flatMap(({ cosine }) => (cosine === null ? [] : [cosine]));
  const highest = Math.max(0, ...cosines);
  return {
    passage: Math.max(0, ...read.passages.map(({ words }) => coverage(words, question))),
    unit: Math.max(0, ...read.scored.map(({ features }) => features.coverage + features.titled)),
    near: Math.max(0, ...read.scored.map(({ features }) => features.near)),
    cosine: highest > 0 ? highest : null,
    unknown: coverage(
      question.words.flatMap(({ isKnown }, number) => (isKnown ? [] : [number])),
      question,
    ),
  };
}

/** How sure it is that the passages answer the question, 0 to 1: a logistic model of the evidence. */
export function confidenceOf({ passage, unit, near, cosine, unknown }: Evidence): number {
  const meaning = cosine ?? 0.5;
  const sum = 4 * passage + 2 * unit + near + 8 * meaning - 2 * unknown - 7;
  return 1 / (1 + Math.exp(-sum));
}
