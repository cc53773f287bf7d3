import { analyzerOf, type Token } from './analyzer.ts';

/** At most so many languages of a collection are tried on one query. */
const QUERY_LANGUAGES = 4;

/**
 * Terms of a text as queries see them, in the languages of a collection, the commonest first.
 * `languages`: numbers of documents by language.
 */
export function queryTokensOf(languages: ReadonlyMap<string, number>, text: string): Token[] {
  const ordered = [...languages].sort((a, b) => b[1] - a[1]).slice(0, QUERY_LANGUAGES);
  const seen = new Set<string>();
  const tokens: Token[] = [];
  for (const [language] of ordered) {
    for (const token of analyzerOf(language).analyzeQuery(text)) {
      const place = `${token.start}:${token.term}`;
      const isRepeated = seen.has(place);
      seen.add(place);
      if (!isRepeated) tokens.push(token);
    }
  }
  return tokens;
}
