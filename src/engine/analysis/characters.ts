/** What a UTF-16 code unit means to the tokenizer. */
export const OTHER = 1;
export const LOWER = 2;
export const UPPER = 3;
export const DIGIT = 4;
/** Scripts written without spaces: cut into overlapping pairs. */
export const UNSPACED = 5;

/** The last one is the mark that lengthens a Japanese vowel, which belongs to no script of its own. */
const UNSPACED_SCRIPT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const LETTER_OR_MARK = /[\p{L}\p{M}]/u;

const classes = new Uint8Array(65_536);

function classify(unit: number): number {
  // Surrogates count as letters, so that characters beyond the BMP stay together.
  if (unit >= 0xd800 && unit <= 0xdfff) return LOWER;
  const character = String.fromCharCode(unit);
  if (/\p{N}/u.test(character)) return DIGIT;
  if (!LETTER_OR_MARK.test(character)) return OTHER;
  if (UNSPACED_SCRIPT.test(character)) return UNSPACED;
  return /[\p{Lu}\p{Lt}]/u.test(character) ? UPPER : LOWER;
}

/** The class of a UTF-16 code unit, from a table that fills itself. */
export function characterClass(unit: number): number {
  const known = classes[unit] ?? OTHER;
  if (known !== 0) return known;
  const found = classify(unit);
  classes[unit] = found;
  return found;
}
