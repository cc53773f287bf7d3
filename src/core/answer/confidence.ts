import { coverage, type ReadPassage } from './candidates.ts';
import type { Question } from './question.ts';
import type { ScoredCandidate } from './score.ts';

/** What tells an answered question from one that the documents say nothing about. */
export interface Evidence {
  /**
   * The passage that agrees most with the question: the share of the question's idf that it holds (0 to 1)
   * plus the cosine of its closest unit (0 to 1). Words that no document holds count as rare ones.
   */
  readonly agreement: number;
  /** The most of the question's neighbouring words that stand together in one unit, 0 to 1. */
  readonly near: number;
}

export function gatherEvidence(
  passages: readonly ReadPassage[],
  scored: readonly ScoredCandidate[],
  question: Question,
): Evidence {
  const cosines = new Float64Array(passages.length);
  let near = 0;
  for (const { passage, features } of scored) {
    cosines[passage] = Math.max(cosines[passage] ?? 0, features.cosine);
    near = Math.max(near, features.near);
  }
  let agreement = 0;
  for (const [number, { words }] of passages.entries()) {
    const held = coverage(words, question);
    const cosine = question.hasVector ? (cosines[number] ?? 0) : held * COSINE_PER_COVERAGE;
    agreement = Math.max(agreement, held + cosine);
  }
  return { agreement, near };
}

/** What the cosine usually is beside a coverage; stands in for it where the model knows no word of the question. */
const COSINE_PER_COVERAGE = 0.75;

/**
 * How sure it is that the passages answer the question, 0 to 1: a logistic model, fitted on questions asked of
 * their own and of foreign collections, each collection weighing the same (docs/evaluation.md).
 */
export function confidenceOf({ agreement, near }: Evidence): number {
  return 1 / (1 + Math.exp(7.5 - 9.5 * agreement - 3 * near));
}
