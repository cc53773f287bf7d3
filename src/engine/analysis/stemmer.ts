import snowball from 'snowball-stemmers';

/** Snowball algorithm by ISO 639-1 code. English uses Porter2. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  ar: 'arabic',
  ca: 'catalan',
  cs: 'czech',
  da: 'danish',
  de: 'german',
  en: 'english',
  es: 'spanish',
  eu: 'basque',
  fi: 'finnish',
  fr: 'french',
  ga: 'irish',
  hu: 'hungarian',
  hy: 'armenian',
  it: 'italian',
  nl: 'dutch',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sl: 'slovene',
  sv: 'swedish',
  ta: 'tamil',
  tr: 'turkish',
};

/** ISO 639-1 codes of the languages whose words are brought to their stems. */
export const STEMMED_LANGUAGES: readonly string[] = Object.keys(ALGORITHMS);

/** Norwegian goes by three codes. */
const ALIASES: Readonly<Record<string, string>> = { nb: 'no', nn: 'no' };

export type Stem = (word: string) => string;

const MAX_STEMMED_LENGTH = 40;

/** The stemmer of a language; words of a language without one stay as they are. */
export function stemmerOf(language: string): Stem {
  const algorithm = ALGORITHMS[ALIASES[language] ?? language];
  if (algorithm === undefined) return (word) => word;
  const stemmer = snowball.newStemmer(algorithm);
  return (word) => (word.length > MAX_STEMMED_LENGTH ? word : stemmer.stem(word));
}
