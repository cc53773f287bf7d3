import type { WeightedTerm } from '../retrieval/text-analysis.ts';
import { expectedAnswer, type Expectation } from './answer-kind.ts';
import type { ExtractInput, ExtractTools } from './extraction.ts';

/** The question as the scorers read it. */
export interface Question {
  /** A question in letters and digits alone, lower case, to see where a text only repeats it; empty for a statement. */
  readonly letters: string;
  /**
   * What each distinct word weighs, in order; a word's place is its number. The weight is the inverse document
   * frequency, that of an unknown term when no chunk holds the word.
   */
  readonly weights: readonly number[];
  /** Index term -> number of the word. */
  readonly wordOf: ReadonlyMap<string, number>;
  /** Sum of the weights. */
  readonly totalWeight: number;
  /** Lower-case words of the question, to see what a sentence adds to it. */
  readonly vocabulary: ReadonlySet<string>;
  readonly expected: Expectation | null;
  readonly vector: Float32Array;
  /** False when the model knows no word of the question. */
  readonly hasVector: boolean;
}

const ASKS =
  /[?？]\s*$|^\s*(?:what|who|whom|whose|which|when|where|why|how|is|are|was|were|can|could|do|does|did|should|will)\b/i;

export function readQuestion(input: ExtractInput, tools: ExtractTools): Question {
  const weights: number[] = [];
  const wordOf = new Map<string, number>();
  const isCovered = coveredPairs(input);
  for (const alternatives of groupByPlace(input.queryTerms)) {
    const first = alternatives[0];
    if (first === undefined || alternatives.some(({ term }) => wordOf.has(term))) continue;
    const idf = Math.max(...alternatives.map((term) => term.idf));
    if (idf === 0 && isWhole(first, input.queryTerms) && !isIdentifier(input.query, first)) continue;
    if (idf === 0 && isCovered(first)) continue;
    for (const { term } of alternatives) wordOf.set(term, weights.length);
    weights.push(idf > 0 ? idf : input.unknownIdf);
  }
  const vector = tools.embed(input.query);
  return {
    letters: ASKS.test(input.query) ? lettersOf(input.query) : '',
    weights,
    wordOf,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
    vocabulary: new Set(input.query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []),
    expected: expectedAnswer(input.query),
    vector,
    hasVector: vector.some((value) => value !== 0),
  };
}

/** Lower-case letters and digits, one space between words. */
export function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Terms that stand for the same characters: one word, read in several languages. */
function groupByPlace(terms: readonly WeightedTerm[]): Iterable<WeightedTerm[]> {
  const groups = new Map<string, WeightedTerm[]>();
  for (const term of terms) {
    const place = `${term.start}:${term.end}`;
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [term]);
    else group.push(term);
  }
  return groups.values();
}

const PAIR = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]{2}$/u;

/**
 * Tells which pairs of characters, of those that no chunk holds, share a character with a pair that chunks hold, or with
 * an earlier one: those stand on the border of two words and are none themselves.
 */
function coveredPairs({ query, queryTerms }: ExtractInput): (pair: WeightedTerm) => boolean {
  const pairs = queryTerms.filter(({ start, end }) => PAIR.test(query.slice(start, end)));
  const covered = new Set<number>();
  for (const { start, idf } of pairs) if (idf > 0) covered.add(start).add(start + 1);
  const spurious = new Set<WeightedTerm>();
  for (const pair of pairs) {
    if (pair.idf > 0) continue;
    if (covered.has(pair.start) || covered.has(pair.start + 1)) spurious.add(pair);
    else covered.add(pair.start).add(pair.start + 1);
  }
  return (pair) => spurious.has(pair);
}

/** True for the whole of an identifier or compound whose parts are terms of their own. */
function isWhole(whole: WeightedTerm, terms: readonly WeightedTerm[]): boolean {
  return terms.some(
    ({ start, end }) => start >= whole.start && end <= whole.end && end - start < whole.end - whole.start,
  );
}

/** `getTarget`, `run_target`, `issue92`: a name in code, which its parts cannot stand for. */
function isIdentifier(query: string, { start, end }: WeightedTerm): boolean {
  return /_|\p{Ll}\p{Lu}|\p{L}\d/u.test(query.slice(start, end));
}
