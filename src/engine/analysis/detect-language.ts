import { languageOfScript } from './language-of-script.ts';
import { scoreLanguages } from './score-languages.ts';

/** Shorter texts are not judged by their words: a few words can be many languages. */
const MIN_CHARS = 40;
/** A wrong guess costs a question little: only words that ask are left out by it. */
const MIN_QUESTION_CHARS = 16;
const QUESTION_MARGIN = 0.05;
/** Measured: none of 265 pieces of English text of this length is taken for foreign, and all 80 foreign questions are. */
const MIN_FOREIGN_CHARS = 20;
const FOREIGN_MARGIN = 0.1;

/** Words of English that hardly any other language has. */
const ENGLISH =
  /\b(?:the|and|what|which|who|how|why|when|where|does|did|were|your|with|from|should|can|this|that|you)\b/i;
const ASCII = /^[\0-\x7f]*$/;

/** ISO 639-1 code of the text's language, or null when it is not sure. */
export function detectLanguage(text: string): string | null {
  const script = languageOfScript(text);
  if (script !== null) return script;
  if (text.length < MIN_CHARS) return null;
  const { language, isReliable } = scoreLanguages(text);
  return isReliable ? language : null;
}

/** The one of some languages that a question is asked in, or null when it may be several. */
export function questionLanguage(question: string, languages: Iterable<string>): string | null {
  const among = [...languages];
  const script = languageOfScript(question);
  if (script !== null) return among.includes(script) ? script : null;
  if (question.length < MIN_QUESTION_CHARS) return null;
  const { scores } = scoreLanguages(question);
  const [best, second] = among
    .map((language) => ({ language, score: scores[language] ?? 0 }))
    .sort((a, b) => b.score - a.score);
  if (best === undefined || best.score === 0) return null;
  return best.score - (second?.score ?? 0) >= QUESTION_MARGIN ? best.language : null;
}

/** True for a text that is surely not English. Cheap for most English texts. */
export function isForeignToEnglish(text: string): boolean {
  if (ASCII.test(text) && ENGLISH.test(text)) return false;
  const script = languageOfScript(text);
  if (script !== null) return true;
  if (text.length < MIN_FOREIGN_CHARS) return false;
  const { language, isReliable, scores } = scoreLanguages(text);
  if (language === 'en' || !isReliable) return false;
  return (scores[language] ?? 0) - (scores['en'] ?? 0) >= FOREIGN_MARGIN;
}
