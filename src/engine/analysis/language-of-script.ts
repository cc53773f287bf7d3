/** Scripts that one language is written in. Japanese is told from Chinese by its kana. */
const SCRIPTS: readonly (readonly [language: string, letters: RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['lo', /\p{Script=Lao}/gu],
  ['km', /\p{Script=Khmer}/gu],
  ['my', /\p{Script=Myanmar}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['hy', /\p{Script=Armenian}/gu],
  ['ka', /\p{Script=Georgian}/gu],
  ['am', /\p{Script=Ethiopic}/gu],
  ['pa', /\p{Script=Gurmukhi}/gu],
  ['gu', /\p{Script=Gujarati}/gu],
  ['or', /\p{Script=Oriya}/gu],
  ['ta', /\p{Script=Tamil}/gu],
  ['te', /\p{Script=Telugu}/gu],
  ['kn', /\p{Script=Kannada}/gu],
  ['ml', /\p{Script=Malayalam}/gu],
  ['si', /\p{Script=Sinhala}/gu],
];

/** Texts of these languages hold names, units and code in Latin letters, so that less than half is enough. */
const SHARE = 0.3;
/** Chinese texts quote a Japanese name at times. */
const KANA_SHARE = 0.1;

/** No letter before these is of one of the scripts. */
const UNCOMMON = /[^\0-\u024f]+/g;

/**
 * ISO 639-1 code of the language that alone is written in the letters of a text, or null when other languages share
 * them. A few letters are enough.
 */
export function languageOfScript(text: string): string | null {
  const uncommon = text.match(UNCOMMON);
  if (uncommon === null) return null;
  const [language, count] = mostUsed(uncommon.join(' '));
  if (count === 0) return null;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return count >= SHARE * letters ? language : null;
}

/** The language with the most letters of its own, and how many those are. */
function mostUsed(uncommon: string): readonly [language: string, count: number] {
  const counts = new Map<string, number>();
  for (const [language, letters] of SCRIPTS) counts.set(language, uncommon.match(letters)?.length ?? 0);
  const [kana, han] = [counts.get('ja') ?? 0, counts.get('zh') ?? 0];
  const isJapanese = kana > KANA_SHARE * (kana + han);
  counts.set('ja', isJapanese ? kana + han : 0);
  counts.set('zh', isJapanese ? 0 : han);
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best ?? ['', 0];
}
