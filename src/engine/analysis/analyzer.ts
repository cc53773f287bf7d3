import { WordTable } from '../word-table.ts';
import { stemmerOf, type Stem } from './stemmer.ts';
import { questionWords, stopWords } from './stop-words.ts';
import { tokenize } from './tokenizer.ts';

/** A term and where its word stands in the text. */
export interface Token {
  readonly term: string;
  readonly start: number;
  readonly end: number;
  /**
   * The whole of an identifier or compound, whose parts are tokens of their own; or a single character beside the pairs
   * that hold it.
   */
  readonly isCompound: boolean;
}

/** Turns text of one language into index terms. */
export interface Analyzer {
  readonly language: string;
  /** Index terms in reading order; stop words are left out. */
  analyze(text: string): Token[];
  /**
   * Terms of a question: as `analyze`, without the words that only ask, and of single characters only those that stand
   * alone. A query of such words alone is taken as it stands.
   */
  analyzeQuery(text: string): Token[];
}

const CACHE_LIMIT = 200_000;
const MAX_TERM_LENGTH = 64;
const NON_ASCII = /[^\0-\x7f]/;

/** Scripts whose marks are accents; elsewhere a mark makes another letter. */
const ACCENTED_SCRIPT = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;

const analyzers = new Map<string, Analyzer>();

/** The analyser of an ISO 639-1 language; languages without a stemmer keep their words whole. */
export function analyzerOf(language: string): Analyzer {
  let analyzer = analyzers.get(language);
  if (analyzer === undefined) {
    analyzer = createAnalyzer(language);
    analyzers.set(language, analyzer);
  }
  return analyzer;
}

function createAnalyzer(language: string): Analyzer {
  const terms = cachedTerms(language);
  const asking = questionWords(language);
  const scan = (text: string, { dropped, isQuery }: Scan): Token[] => {
    const tokens: Token[] = [];
    const add = (start: number, end: number, isCompound: boolean): void => {
      const last = Math.min(end, start + MAX_TERM_LENGTH);
      if (dropped?.has(text.slice(start, last).toLowerCase()) === true) return;
      const term = terms.of(text, start, last);
      if (term !== '') tokens.push({ term, start, end, isCompound });
    };
    tokenize(text, {
      word: (start, end) => add(start, end, false),
      compound: (start, end) => add(start, end, true),
      character: (start, end, isAlone) => {
        if (isAlone || !isQuery) add(start, end, true);
      },
    });
    return tokens;
  };
  return {
    language,
    analyze: (text) => scan(text, { dropped: null, isQuery: false }),
    analyzeQuery: (text) => {
      const tokens = scan(text, { dropped: asking, isQuery: true });
      return tokens.length > 0 ? tokens : scan(text, { dropped: null, isQuery: true });
    },
  };
}

interface Scan {
  /** Words that are left out, in lower case. */
  readonly dropped: ReadonlySet<string> | null;
  readonly isQuery: boolean;
}

/** Word -> term; the empty term for stop words. */
function cachedTerms(language: string): WordTable<string> {
  const stops = stopWords(language);
  const stem = stemmerOf(language);
  return new WordTable((written) => {
    const word = written.toLowerCase();
    return stops.has(word) ? '' : toTerm(word, stem);
  }, CACHE_LIMIT);
}

function toTerm(word: string, stem: Stem): string {
  let term = word.includes('’') ? word.replaceAll('’', "'") : word;
  if (NON_ASCII.test(term)) term = term.normalize('NFKC');
  if (/^[\d.,]+$/.test(term)) return term.replaceAll(',', '');
  term = stem(term);
  return ACCENTED_SCRIPT.test(term) && NON_ASCII.test(term) ? withoutAccents(term) : term;
}

function withoutAccents(term: string): string {
  return term.normalize('NFD').replaceAll(/\p{M}/gu, '').normalize('NFC');
}
