import type { Candidate, ReadPassage } from './candidates.ts';
import type { ExtractInput, ExtractTools } from './extraction.ts';
import { featuresOf, type Features } from './features.ts';
import type { Question } from './question.ts';

/**
 * Log odds per feature, fitted on questions with known answers (docs/evaluation.md) and rounded; the last five
 * are set by hand. A difference of 1 between two units makes one e times as likely to hold the answer.
 */
const WEIGHTS: Features = {
  coverage: 2.8,
  matched: 2.8,
  titled: 1.4,
  leaning: 2.3,
  before: 1.7,
  elsewhere: -0.7,
  near: 1.3,
  cosine: 3,
  passage: 5,
  expected: 2.4,
  short: -1,
  asking: -12,
  dangling: -1.5,
  fragment: -0.5,
  code: 1,
};

export interface ScoredCandidate extends Candidate {
  readonly score: number;
  readonly features: Features;
}

/** So many of the best candidates are compared with the question by their vectors. */
const EMBEDDED = 12;

/** Quotable units, best first. */
export function scoreCandidates(
  passages: readonly ReadPassage[],
  question: Question,
  { input, tools }: { readonly input: ExtractInput; readonly tools: ExtractTools },
): ScoredCandidate[] {
  const best = Math.max(...input.passages.map(({ score }) => score), Number.MIN_VALUE);
  const scored: ScoredCandidate[] = [];
  for (const [number, passage] of passages.entries()) {
    const share = Math.max(0, input.passages[number]?.score ?? 0) / best;
    for (const candidate of passage.candidates) {
      if (candidate.kind === 'heading') continue;
      const features = { ...featuresOf(candidate, passage, question), passage: share };
      scored.push({ ...candidate, features, score: weigh(features) });
    }
  }
  scored.sort(byScore);
  const head = question.hasVector ? scored.splice(0, EMBEDDED) : [];
  const measured = head.map((candidate) => withCosine(candidate, question.vector, tools));
  return [...measured, ...scored].sort(byScore);
}

function byScore(a: ScoredCandidate, b: ScoredCandidate): number {
  return b.score - a.score;
}

function withCosine(candidate: ScoredCandidate, vector: Float32Array, tools: ExtractTools): ScoredCandidate {
  const cosine = Math.max(0, dot(vector, tools.embed(candidate.text)));
  const features = Object.assign(candidate.features, { cosine });
  return Object.assign(candidate, { features, score: weigh(features) });
}

const FEATURE_NAMES = Object.keys(WEIGHTS) as (keyof Features)[];

function weigh(features: Features): number {
  let score = 0;
  for (const name of FEATURE_NAMES) score += WEIGHTS[name] * features[name];
  return score;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
