import { analyzerOf, type Token } from '../analysis/analyzer.ts';
import { queryTokensOf } from '../analysis/query-tokens.ts';
import type { LexicalConstants } from './constants.ts';
import { LexicalIndex } from './lexical-index.ts';

/** A document as a scan reads it. */
export interface ScannedDocument {
  readonly key: string;
  readonly title: string;
  readonly language: string;
  readonly passages: Iterable<{ readonly headings: readonly string[]; readonly body: string }>;
  /** False: its passages only count for the weights of the words. */
  readonly isWanted: boolean;
}

export interface ScannedHit {
  readonly key: string;
  readonly ordinal: number;
  readonly score: number;
}

/** A term of the question as the documents weigh it. */
export interface ScannedTerm extends Token {
  readonly idf: number;
}

/** Stands for every word that the question does not hold. No analyser makes an empty term. */
const OTHER: Token = { term: '', start: 0, end: 0, isCompound: false };

/**
 * Answers one question from documents that stream by, with the scores that an index of them would give: the
 * statistics are of all passages, the words are kept of those that hold a word of the question.
 */
export class LexicalScan {
  readonly #query: string;
  readonly #index: LexicalIndex;
  readonly #languages = new Map<string, number>();
  readonly #wanted = new Set<string>();
  readonly #places: (Omit<ScannedHit, 'score'> | null)[] = [];

  constructor(query: string, constants: LexicalConstants) {
    this.#query = query;
    this.#index = new LexicalIndex(constants);
  }

  /** Passages read so far. */
  get size(): number {
    return this.#index.size;
  }

  add({ key, title, language, passages, isWanted }: ScannedDocument): void {
    if (!this.#languages.has(language))
      for (const { term } of analyzerOf(language).analyzeQuery(this.#query)) this.#wanted.add(term);
    this.#languages.set(language, (this.#languages.get(language) ?? 0) + 1);
    const analyzer = analyzerOf(language);
    const titleTokens = analyzer.analyze(title);
    let ordinal = 0;
    for (const { headings, body } of passages) {
      const headingTokens = headings.flatMap((heading) => analyzer.analyze(heading));
      const bodyTokens = analyzer.analyze(body);
      const fields = [titleTokens, headingTokens, bodyTokens];
      if (fields.some((tokens) => tokens.some(({ term }) => this.#wanted.has(term)))) {
        this.#index.add({
          title: this.#thinned(titleTokens),
          headings: this.#thinned(headingTokens),
          body: this.#thinned(bodyTokens),
        });
        this.#places.push(isWanted ? { key, ordinal } : null);
      } else {
        this.#index.addUnsearched(fields.reduce((sum, tokens) => sum + wordsIn(tokens), 0));
        this.#places.push(null);
      }
      ordinal++;
    }
  }

  /** The question's terms, in the languages of what was read. */
  terms(): ScannedTerm[] {
    const tokens = queryTokensOf(this.#languages, this.#query);
    return tokens.map((token) => Object.assign(token, { idf: this.#index.idf(token.term) }));
  }

  /** Best first. */
  search(limit: number): ScannedHit[] {
    const query = this.#index.query(queryTokensOf(this.#languages, this.#query));
    const isFound = (slot: number): boolean => (this.#places[slot] ?? null) !== null;
    const { slots, scores } = this.#index.search(query, isFound, limit);
    return Array.from(slots, (slot, at) => ({
      ...(this.#places[slot] ?? { key: '', ordinal: 0 }),
      score: scores[at] ?? 0,
    }));
  }

  #thinned(tokens: readonly Token[]): Token[] {
    const kept: Token[] = [];
    for (const token of tokens) {
      if (this.#wanted.has(token.term)) kept.push(token);
      else if (!token.isCompound) kept.push(OTHER);
    }
    return kept;
  }
}

function wordsIn(tokens: readonly Token[]): number {
  let words = 0;
  for (const { isCompound } of tokens) if (!isCompound) words++;
  return words;
}
