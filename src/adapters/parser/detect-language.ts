import { eld } from 'eld/small';

/** Shorter texts are not judged: a few words can be many languages. */
const MIN_CHARS = 40;

/** ISO 639-1 code of the text's language, or null when it is not sure. */
export function detectLanguage(text: string): string | null {
  if (text.length < MIN_CHARS) return null;
  const result = eld.detect(text);
  return result.isReliable() && result.language !== '' ? result.language : null;
}
