import { readFileSync } from 'node:fs';

/** What `languages.bin` begins with. Its numbers follow: keys of six bytes, counts, and for each count so many pairs. */
export interface LanguageTableHeader {
  /** ISO 639-1. */
  readonly languages: readonly string[];
  /** What a text of each language scores on average. */
  readonly averages: readonly number[];
  /** Source of the regular expression for what stands between words. */
  readonly separators: string;
  /** A character for each byte of UTF-8 beyond ASCII; the pieces of words are spelled with them. */
  readonly letters: readonly string[];
  readonly pieces: number;
  readonly pairs: number;
}

/** Which languages a piece of a word speaks for, and how much. */
export interface LanguageTable extends LanguageTableHeader {
  /** Adds what a piece speaks for to the score of each language. */
  addTo(scores: Float64Array, piece: string): void;
}

const KEY_BYTES = 6;
/** Left out of the stored scores, so that they fit a byte. */
const BASE_SCORE = 53;

/** A file made by `npm run languages`, as typed arrays: as objects they would take forty times the memory. */
export function readLanguageTable(file: URL): LanguageTable {
  const bytes = readFileSync(file);
  const headerEnd = bytes.indexOf('\n');
  const header = JSON.parse(bytes.toString('utf8', 0, headerEnd)) as LanguageTableHeader;
  const { pieces, pairs } = header;
  const keysAt = headerEnd + 1;
  const countsAt = keysAt + pieces * KEY_BYTES;
  const pairsAt = countsAt + pieces;
  const keys = new Float64Array(pieces);
  const starts = new Uint32Array(pieces + 1);
  for (let at = 0; at < pieces; at++) {
    keys[at] = bytes.readUIntBE(keysAt + at * KEY_BYTES, KEY_BYTES);
    starts[at + 1] = (starts[at] ?? 0) + (bytes[countsAt + at] ?? 0);
  }
  // Copies, so that the bytes of the file can go.
  const languageOf = Uint8Array.from(bytes.subarray(pairsAt, pairsAt + pairs));
  const scoreOf = Uint8Array.from(bytes.subarray(pairsAt + pairs, pairsAt + 2 * pairs));
  return {
    ...header,
    addTo(scores, piece) {
      const at = piece.length > KEY_BYTES ? -1 : indexOf(keys, languageKey(piece));
      if (at < 0) return;
      for (let pair = starts[at] ?? 0; pair < (starts[at + 1] ?? 0); pair++) {
        const language = languageOf[pair] ?? 0;
        scores[language] = (scores[language] ?? 0) + (scoreOf[pair] ?? 0) + BASE_SCORE;
      }
    },
  };
}

/** A piece of up to six characters below U+0100 as a number. */
export function languageKey(piece: string): number {
  let key = 0;
  for (let at = 0; at < KEY_BYTES; at++) key = key * 256 + (at < piece.length ? piece.charCodeAt(at) : 0);
  return key;
}

/** Place in a rising list; -1 when it is not there. */
function indexOf(keys: Float64Array, key: number): number {
  let low = 0;
  let high = keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle] ?? 0;
    if (found === key) return middle;
    if (found < key) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
