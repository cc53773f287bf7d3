import { analyzerOf, type Token } from './analyzer.ts';
import { questionLanguage } from './detect-language.ts';

/** So many of the commonest languages of a collection are tried on a question beside its own. */
const OTHER_LANGUAGES = 3;
/** On a question whose language is not known. */
const UNKNOWN_LANGUAGES = 12;

/**
 * Terms of a question in the languages of a collection: in its own language first, where that is one of them and the
 * question tells; then in the commonest others, so that a name is found in documents of any language. Words that the
 * question's own language leaves out are left out in all.
 * `languages`: numbers of documents by language.
 */
export function queryTokensOf(languages: ReadonlyMap<string, number>, text: string): Token[] {
  const ordered = [...languages].sort((a, b) => b[1] - a[1]).map(([language]) => language);
  const own = ordered.length > 1 ? questionLanguage(text, ordered) : null;
  const tried =
    own === null
      ? ordered.slice(0, UNKNOWN_LANGUAGES)
      : [own, ...ordered.filter((language) => language !== own).slice(0, OTHER_LANGUAGES)];
  const first = tried[0] === undefined ? [] : analyzerOf(tried[0]).analyzeQuery(text);
  const said = own === null ? null : new Set(first.map(({ start, end }) => `${start}:${end}`));
  const seen = new Set(first.map(({ start, term }) => `${start}:${term}`));
  const tokens = [...first];
  for (const language of tried.slice(1)) {
    for (const token of analyzerOf(language).analyzeQuery(text)) {
      const { start, end, term } = token;
      if (seen.has(`${start}:${term}`) || said?.has(`${start}:${end}`) === false) continue;
      seen.add(`${start}:${term}`);
      tokens.push(token);
    }
  }
  return tokens;
}
