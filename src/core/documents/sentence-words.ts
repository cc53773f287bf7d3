/** Abbreviations that stand before what they belong to and so hardly ever end a sentence. */
const ALWAYS_CONTINUE = words(
  'mr mrs ms dr prof messrs mme st sra dra gen sen rep gov lt col sgt capt cmdr hon rev fr pres supt det insp ' +
    'e.g i.e eg ie vs v cf viz resp approx ca c.f esp incl excl z.b d.h bzw u.a s.a vgl',
);
/** Abbreviations that stand before a number; elsewhere they are words. */
const BEFORE_NUMBER = words(
  'no nos nr fig figs eq eqs sec sect ch chap vol vols p pp pg art par ref refs tab app ed ver v max min ex cap ' +
    'para lines ln bd abb abs kap jan feb mar apr jun jul aug sep sept oct nov dec',
);
/** Abbreviations that may end a sentence: decided by what follows. */
const MAY_END = words(
  'etc al inc ltd co corp llc plc bros jr sr phd md ba ma bsc msc esq dept univ assn intl mt ft ave blvd rd ' +
    'ed eds trans hrs hr mins secs sq lb lbs oz gal cc est usw jan feb mar apr jun jul aug sep sept oct nov dec',
);
/** Words that begin a sentence much more often than they are a name or part of one. */
const STARTERS = words(
  'the a an this that these those it its he she we they you i in on at for from with by as if when while after ' +
    'before since although because however but and or so yet thus therefore hence then there here what which who ' +
    'how why where our their his her my your no not all some many most each both other such to one two see note',
);
const MAX_WORD = 24;

/** Whether the word before a stop at `stop` is an abbreviation, an initial or has inner stops (`U.S`). */
export function endsInAbbreviation(text: string, from: number, stop: number): boolean {
  const word = wordBefore(text, from, stop);
  if (word === '') return false;
  if (word.length === 1) return /\p{L}/u.test(word);
  const lower = word.toLowerCase();
  return (
    ALWAYS_CONTINUE.has(lower) ||
    BEFORE_NUMBER.has(lower) ||
    MAY_END.has(lower) ||
    /^(?:\p{L}{1,3}\.)+\p{L}{1,3}$/u.test(word)
  );
}

export interface AbbreviationPlace {
  readonly text: string;
  /** The stop after the abbreviation. */
  readonly stop: number;
  /** The next character that is not white space, a quote or a bracket. */
  readonly next: number;
  /** Start of the sentence. */
  readonly from: number;
}

/** Whether a new sentence starts at `next`, although the stop before it belongs to an abbreviation. */
export function startsNewSentence({ text, stop, next, from }: AbbreviationPlace): boolean {
  const word = wordBefore(text, from, stop).toLowerCase();
  const following = wordAfter(text, next);
  const isNumber = /^\d/.test(following);
  if (ALWAYS_CONTINUE.has(word)) return false;
  if (isNumber) return !(BEFORE_NUMBER.has(word) || word.length === 1 || MAY_END.has(word));
  const first = following.charAt(0);
  if (first === '' || first === first.toLowerCase()) return first === '' && !BEFORE_NUMBER.has(word);
  if (BEFORE_NUMBER.has(word) && !MAY_END.has(word) && word.length > 1) return true;
  return STARTERS.has(following.toLowerCase());
}

function wordBefore(text: string, from: number, stop: number): string {
  let start = stop;
  const limit = Math.max(from, stop - MAX_WORD);
  while (start > limit && /[\p{L}\p{M}.]/u.test(text.charAt(start - 1))) start--;
  return text.slice(start, stop);
}

function wordAfter(text: string, next: number): string {
  return /^[\p{L}\p{M}\d]+/u.exec(text.slice(next, next + MAX_WORD))?.[0] ?? '';
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}
