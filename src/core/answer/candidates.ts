import type { AnalyzedTerm } from '../retrieval/text-analysis.ts';
import type { ExtractInput, ExtractTools, Passage } from './extraction.ts';
import type { Question } from './question.ts';
import { unitsOf, type Unit } from './units.ts';

/** A unit with the question's words in it. */
export interface Candidate extends Unit {
  /** Place of its passage in the input. */
  readonly passage: number;
  /** Place among the units of its passage. */
  readonly order: number;
  readonly text: string;
  /** Numbers of the question's words as they occur, with the places of their terms in the unit. */
  readonly hits: readonly { readonly word: number; readonly place: number }[];
  readonly words: ReadonlySet<number>;
  /** Number of terms. */
  readonly length: number;
}

/** A passage cut up, and what its title and headings say already. */
export interface ReadPassage {
  readonly candidates: readonly Candidate[];
  /** The question's words in title and headings. */
  readonly headingWords: ReadonlySet<number>;
  /** The question's words anywhere in the passage, title and headings. */
  readonly words: ReadonlySet<number>;
}

export function readPassages(input: ExtractInput, reading: Reading): ReadPassage[] {
  return input.passages.map((passage, number) => readPassage(passage, number, reading));
}

export interface Reading {
  readonly question: Question;
  readonly tools: ExtractTools;
  /** The longest unit that can be quoted. */
  readonly maxChars: number;
}

function readPassage(passage: Passage, number: number, { question, tools, maxChars }: Reading): ReadPassage {
  const units = unitsOf(passage, tools, maxChars);
  const terms = tools.terms(passage.text, passage.language);
  const headingWords = new Set<number>();
  for (const { term } of tools.terms([passage.title, ...passage.headingPath].join('\n'), passage.language)) {
    const word = question.wordOf.get(term);
    if (word !== undefined) headingWords.add(word);
  }
  const words = new Set(headingWords);
  const candidates: Candidate[] = [];
  let at = 0;
  for (const [order, { kind, start, end }] of units.entries()) {
    while (at > 0 && (terms[at - 1]?.start ?? 0) >= start) at--;
    while (at < terms.length && (terms[at]?.start ?? 0) < start) at++;
    const hits = findHits(terms, { from: at, end }, question);
    const found = new Set(hits.found.map(({ word }) => word));
    for (const word of found) words.add(word);
    const text = passage.text.slice(start, end);
    const { length } = hits;
    candidates.push({
      kind,
      start,
      end,
      passage: number,
      order,
      text,
      hits: hits.found,
      words: found,
      length,
    });
    at += length;
  }
  return { candidates, headingWords, words };
}

/** The question's words among the terms from `from` to the text's place `end`. */
function findHits(
  terms: readonly AnalyzedTerm[],
  { from, end }: { readonly from: number; readonly end: number },
  question: Question,
): { found: { word: number; place: number }[]; length: number } {
  const found: { word: number; place: number }[] = [];
  let at = from;
  for (; at < terms.length; at++) {
    const term = terms[at];
    if (term === undefined || term.start >= end) break;
    const word = question.wordOf.get(term.term);
    if (word !== undefined) found.push({ word, place: at });
  }
  return { found, length: at - from };
}

/** Share of the question's weight that a set of its words carries, 0 to 1. */
export function coverage(words: Iterable<number>, question: Question): number {
  if (question.totalWeight === 0) return 0;
  let weight = 0;
  for (const word of words) weight += question.weights[word] ?? 0;
  return weight / question.totalWeight;
}
