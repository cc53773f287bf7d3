const STOPPED = /[.!?…。！？｡:;]["'”’»)\]」』*_]*$/;
const LONGEST_ENDING = 8;

/** Whether a text ends like a sentence. */
export function isStopped(text: string): boolean {
  return STOPPED.test(text.slice(-LONGEST_ENDING));
}

/** The title and headings of a passage, to know them when they stand in its text. */
export interface KnownHeadings {
  readonly plain: ReadonlySet<string>;
  /** Length of the longest, in characters. */
  readonly longest: number;
}

export function knownHeadings(headings: readonly string[]): KnownHeadings {
  return {
    plain: new Set(headings.map(plainText)),
    longest: Math.max(0, ...headings.map(({ length }) => length)),
  };
}

/** What punctuation may add to a heading. */
const SLACK = 8;

export function isKnownHeading(text: string, { plain, longest }: KnownHeadings): boolean {
  return text.length <= longest + SLACK && plain.has(plainText(text));
}

const LONGEST_HEADING = 200;
const FEWEST_WORDS = 5;
const FEWEST_CHARACTERS = 40;
const TITLE_CASE = 0.6;

/** Whether a line without a stop is short or in title case, as headings and navigation are. */
export function looksLikeHeading(text: string): boolean {
  if (text.length > LONGEST_HEADING || isStopped(text)) return false;
  const words = text.match(/[\p{L}\p{N}][^\s]*/gu) ?? [];
  if (text.length < FEWEST_CHARACTERS || words.length < FEWEST_WORDS) return !isUnspaced(text);
  return isTitleCase(words);
}

function isTitleCase(words: readonly string[]): boolean {
  const long = words.filter((word) => word.length > 3);
  return long.filter((word) => /^\p{Lu}/u.test(word)).length > TITLE_CASE * long.length;
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const FEWEST_UNSPACED = 12;

/** Scripts without spaces say a sentence in few characters. */
function isUnspaced(text: string): boolean {
  return text.length >= FEWEST_UNSPACED && UNSPACED.test(text);
}

/** Letters and digits alone, to compare texts without their punctuation. */
export function plainText(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
