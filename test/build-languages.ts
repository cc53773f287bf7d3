import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { languageKey, type LanguageTableHeader } from '../src/engine/analysis/language-table.ts';

const FILE = new URL('../src/engine/analysis/languages.bin', import.meta.url);
const KEY_BYTES = 6;
const BYTES = 256;

interface Numbers {
  readonly languages: Readonly<Record<string, string>>;
  readonly ngrams: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The table of Nito-ELD as Holdfast reads it; used by `npm run languages` and by the test that holds the file to it. */
export async function buildLanguages(): Promise<Buffer> {
  const { ngramsData } = await part<{ ngramsData: Numbers }>('ngrams/small.js');
  const { avgScore } = await part<{ avgScore: Readonly<Record<string, number>> }>('avgScore.js');
  const { separators } = await part<{ separators: RegExp }>('regexPatterns.js');
  const { dictionary } = await part<{ dictionary: readonly string[] }>('dictionary.js');
  const languages = Object.values(ngramsData.languages);
  const pieces = Object.entries(ngramsData.ngrams)
    .map(([piece, scores]) => ({ key: languageKey(piece), scores: Object.entries(scores) }))
    .toSorted((a, b) => a.key - b.key);
  const pairs = pieces.flatMap(({ scores }) => scores);
  const header: LanguageTableHeader = {
    languages,
    averages: languages.map((language) => avgScore[language] ?? Number.POSITIVE_INFINITY),
    separators: separators.source,
    letters: Array.from({ length: BYTES }, (_, byte) => dictionary[byte] ?? ' '),
    pieces: pieces.length,
    pairs: pairs.length,
  };
  const keys = Buffer.alloc(pieces.length * KEY_BYTES);
  for (const [at, { key }] of pieces.entries()) keys.writeUIntBE(key, at * KEY_BYTES, KEY_BYTES);
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    keys,
    Buffer.from(pieces.map(({ scores }) => scores.length)),
    Buffer.from(pairs.map(([language]) => Number(language))),
    Buffer.from(pairs.map(([, score]) => score)),
  ]);
}

/** The package exports its detector, not what that is made of. */
async function part<T>(path: string): Promise<T> {
  return (await import(new URL(`../${path}`, import.meta.resolve('eld/small')).href)) as T;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(fileURLToPath(FILE), await buildLanguages());
