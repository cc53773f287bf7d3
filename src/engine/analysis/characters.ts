/** What a UTF-16 code unit means to the tokenizer. */
export const OTHER = 1;
export const LOWER = 2;
export const UPPER = 3;
export const DIGIT = 4;
/** Scripts whose words a dictionary finds, for nothing stands between them: Thai, Lao, Khmer, Burmese. */
export const UNDIVIDED = 5;
/** Scripts that are cut into overlapping pairs. Han characters are words of their own, too. */
export const HAN = 6;
const KANA = 7;
export const HANGUL = 8;

const UNDIVIDED_SCRIPT = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const HAN_SCRIPT = /\p{Script=Han}/u;
/** The last one is the mark that lengthens a Japanese vowel, which belongs to no script of its own. */
const KANA_SCRIPT = /[\p{Script=Hiragana}\p{Script=Katakana}ー]/u;
const HANGUL_SCRIPT = /\p{Script=Hangul}/u;
const LETTER_OR_MARK = /[\p{L}\p{M}]/u;

const classes = new Uint8Array(65_536);

function classify(unit: number): number {
  // Surrogates count as letters, so that characters beyond the BMP stay together.
  if (unit >= 0xd800 && unit <= 0xdfff) return LOWER;
  const character = String.fromCharCode(unit);
  if (/\p{N}/u.test(character)) return DIGIT;
  if (!LETTER_OR_MARK.test(character)) return OTHER;
  if (HAN_SCRIPT.test(character)) return HAN;
  if (KANA_SCRIPT.test(character)) return KANA;
  if (HANGUL_SCRIPT.test(character)) return HANGUL;
  if (UNDIVIDED_SCRIPT.test(character)) return UNDIVIDED;
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

/** Scripts whose words do not stand between spaces. */
export function isUnspaced(kind: number): boolean {
  return kind >= UNDIVIDED;
}

/** Scripts that are cut into pairs. */
export function isPaired(kind: number): boolean {
  return kind >= HAN;
}
