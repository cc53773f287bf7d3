import { fulfilment } from './fulfilment.ts';
import { coverage, type Candidate, type ReadPassage } from './candidates.ts';
import type { ExtractInput, ExtractTools } from './extraction.ts';
import type { Question } from './question.ts';

/** What speaks for a unit, each about 0 to 1, and what it weighs (measured in docs/evaluation.md). */
export const WEIGHTS = {
  /** Share of the question's idf in the unit itself. */
  coverage: 4.4,
  /** Further share that the title and the headings hold. */
  titled: 1.1,
  /** Further share in the unit before, when this one leans on it. */
  leaning: 2.3,
  /** Further share in the unit before, otherwise. */
  before: 1.6,
  /** Neighbouring words of the question that stand close to each other. */
  near: 2,
  /** Cosine of question and unit. */
  cosine: 3.2,
  /** Score of the passage against the best one. */
  passage: 5.2,
  /** It holds a date, a name, a number: what the question asks for. */
  expected: 2.4,
  /** Long enough to say something. */
  length: 0.5,
  /** A question, not an answer. */
  asking: -3,
  /** Not a whole sentence. */
  fragment: -0.5,
  /** Code when the question asks for code. */
  code: 1,
} as const;

export type Features = Record<keyof typeof WEIGHTS, number>;

export interface ScoredCandidate extends Candidate {
  readonly score: number;
  readonly features: Features;
}

/** So many of the best candidates are compared with the question by their vectors. */
const EMBEDDED = 24;

/** Quotable units, best first. */
export function scoreCandidates(
  passages: readonly ReadPassage[],
  question: Question,
  { input, tools }: { readonly input: ExtractInput; readonly tools: ExtractTools },
): ScoredCandidate[] {
  const best = Math.max(...input.passages.map(({ score }) => score), 1e-9);
  const scored: { candidate: Candidate; features: Features; score: number }[] = [];
  for (const [number, passage] of passages.entries()) {
    const passageScore = Math.max(0, input.passages[number]?.score ?? 0) / best;
    for (const candidate of passage.candidates) {
      if (candidate.kind === 'heading') continue;
      const features = featuresOf(candidate, passage, question);
      features.passage = passageScore;
      scored.push({ candidate, features, score: weigh(features) });
    }
  }
  scored.sort((a, b) => b.score - a.score);
  for (const entry of scored.slice(0, EMBEDDED)) {
    entry.features.cosine = Math.max(0, dot(question.vector, tools.embed(entry.candidate.text)));
    entry.score = weigh(entry.features);
  }
  scored.sort((a, b) => b.score - a.score);
  return scored.map(({ candidate, features, score }) => ({ ...candidate, features, score }));
}

function weigh(features: Features): number {
  let score = 0;
  for (const name of FEATURE_NAMES) score += WEIGHTS[name] * features[name];
  return score;
}

const FEATURE_NAMES = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[];

const LEANING =
  /^(?:["“(]?)(?:he|she|it|they|his|her|its|their|this|that|these|those|such|here|there|the (?:former|latter|same)|both|another|ele|ela|eles|elas|isto|isso|este|esta|esse|essa|er|sie|es|diese[rsn]?|il|elle|ils|elles|cette?|ces)\b/i;

function featuresOf(candidate: Candidate, passage: ReadPassage, question: Question): Features {
  const { words, headingWords } = { words: candidate.words, headingWords: passage.headingWords };
  const before = passage.candidates[candidate.order - 1];
  const further = before === undefined ? 0 : coverage(without(before.words, words, headingWords), question);
  const leans =
    before !== undefined &&
    (LEANING.test(candidate.text) || /[?:]$/.test(before.text) || candidate.kind === 'code');
  return {
    coverage: coverage(words, question),
    titled: coverage(without(headingWords, words), question),
    leaning: leans ? further : 0,
    before: leans ? 0 : further,
    near: nearness(candidate, question),
    cosine: 0,
    passage: 0,
    expected:
      question.expected === null ? 0 : fulfilment(question.expected, candidate.text, question.vocabulary),
    length: Math.min(1, candidate.length / 20),
    asking: candidate.text.endsWith('?') ? 1 : 0,
    fragment: candidate.kind === 'fragment' ? 1 : 0,
    code: question.expected?.kind === 'code' && candidate.kind === 'code' ? 1 : 0,
  };
}

function without(words: ReadonlySet<number>, ...known: readonly ReadonlySet<number>[]): number[] {
  return [...words].filter((word) => !known.some((set) => set.has(word)));
}

const WINDOW = 5;

/** Share of neighbouring pairs of the question's words that stand within a few terms of each other. */
function nearness({ hits }: Candidate, { words }: Question): number {
  let total = 0;
  let close = 0;
  for (let second = 1; second < words.length; second++) {
    const weight = (words[second - 1]?.weight ?? 0) + (words[second]?.weight ?? 0);
    total += weight;
    if (isClose(hits, second)) close += weight;
  }
  return total === 0 ? 0 : close / total;
}

function isClose(hits: Candidate['hits'], second: number): boolean {
  return hits.some(
    ({ word, place }) =>
      word === second &&
      hits.some((other) => other.word === second - 1 && Math.abs(other.place - place) <= WINDOW),
  );
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
