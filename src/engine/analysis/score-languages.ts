import { readLanguageTable, type LanguageTable } from './language-table.ts';

export interface LanguageScores {
  /** ISO 639-1 of the likeliest one; empty when nothing speaks for any. */
  readonly language: string;
  /** Whether it scores nearly as much as texts of it do. */
  readonly isReliable: boolean;
  /** 0 to 1 for every language that something speaks for. */
  readonly scores: Readonly<Record<string, number>>;
}

const FILE = new URL('languages.bin', import.meta.url);
/** So much of a text is looked at, in UTF-16 code units and in bytes. */
const MAX_CHARS = 1000;
const MAX_BYTES = 350;
/** There a word is cut, too. */
const CUT_BYTES = 380;
const MAX_WORD = 70;
const PIECE = 4;
const STRIDE = 3;
const MIN_PIECES = 3;
const RELIABLE_SHARE = 0.75;
/** Brings scores between 0 and 1. */
const SCALE = 25;

interface Loaded extends LanguageTable {
  readonly separator: RegExp;
}

/** Read with the first text. */
let loaded: Loaded | null = null;

function load(): Loaded {
  const table = readLanguageTable(FILE);
  return { ...table, separator: new RegExp(table.separators, 'gu') };
}

/**
 * The languages that a text may be in, by pieces of its words as bytes of UTF-8: the method and the numbers of Nito-ELD
 * (https://github.com/nitotm/efficient-language-detector-js), whose own table takes 43 MB in every thread.
 */
export function scoreLanguages(text: string): LanguageScores {
  loaded ??= load();
  const { languages, averages } = loaded;
  const pieces = piecesOf(wordsOf(text.slice(0, MAX_CHARS), loaded));
  const sums = new Float64Array(languages.length);
  for (const piece of pieces) loaded.addTo(sums, piece);
  const scores: Record<string, number> = {};
  let best = -1;
  for (const [at, sum] of sums.entries()) {
    if (sum === 0) continue;
    const mean = sum / pieces.size;
    scores[languages[at] ?? ''] = mean / (mean + SCALE);
    if (best < 0 || sum > (sums[best] ?? 0)) best = at;
  }
  const language = languages[best] ?? '';
  const isReliable =
    pieces.size >= MIN_PIECES &&
    (scores[language] ?? 0) >= (averages[best] ?? Number.POSITIVE_INFINITY) * RELIABLE_SHARE;
  return { language, isReliable, scores };
}

/** The words of its beginning in small letters, a character for each byte. */
function wordsOf(text: string, { separator, letters }: Loaded): string[] {
  const words: string[] = [];
  let word = '';
  let bytes = 0;
  for (const character of text.replaceAll(separator, ' ').trim().toLowerCase()) {
    if (character === ' ') {
      if (word !== '') words.push(word);
      word = '';
      if (bytes > MAX_BYTES) break;
      bytes++;
    } else {
      const encoded = character < '\u0080' ? character : spelled(character, letters);
      word += encoded;
      bytes += encoded.length;
    }
    if (bytes > CUT_BYTES) break;
  }
  if (word !== '') words.push(word);
  return words;
}

function spelled(character: string, letters: readonly string[]): string {
  let encoded = '';
  for (const byte of Buffer.from(character)) encoded += letters[byte] ?? '';
  return encoded;
}

/** Four bytes every three, with a space where a word begins or ends. */
function piecesOf(words: readonly string[]): Set<string> {
  const pieces = new Set<string>();
  for (const word of words) {
    const length = Math.min(word.length, MAX_WORD);
    let at = 0;
    for (; at + PIECE < length; at += STRIDE)
      pieces.add(`${at === 0 ? ' ' : ''}${word.slice(at, at + PIECE)}`);
    pieces.add(`${at === 0 ? ' ' : ''}${word.slice(Math.max(0, length - PIECE))} `);
  }
  return pieces;
}
