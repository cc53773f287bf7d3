const STOPPED = /[.!?…。！？｡:;]["'”’»)\]」』*_]*$/;
const LONGEST_ENDING = 8;

/** Whether a text ends like a sentence. */
export function isStopped(text: string): boolean {
  return STOPPED.test(text.slice(-LONGEST_ENDING));
}

const LONGEST_HEADING = 200;
const FEWEST_WORDS = 5;
const FEWEST_CHARACTERS = 40;
const TITLE_CASE = 0.6;

/** Whether a line is one of the known headings, or short or in title case without a stop, as navigation is. */
export function looksLikeHeading(text: string, headings: ReadonlySet<string>): boolean {
  if (text.length > LONGEST_HEADING) return false;
  if (isStopped(text)) return headings.has(plainText(text));
  const words = text.match(/[\p{L}\p{N}][^\s]*/gu) ?? [];
  if (text.length < FEWEST_CHARACTERS || words.length < FEWEST_WORDS)
    return !isUnspaced(text) || headings.has(plainText(text));
  return isTitleCase(words) || headings.has(plainText(text));
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
