import { WordTable } from '../word-table.ts';
import { characterKinds } from './bert-characters.ts';

export interface WordPieceOptions {
  readonly unknownId: number;
  readonly maxCharsPerWord: number;
  readonly continuingPrefix: string;
}

/** Cuts text into word pieces as BERT's uncased tokenizer does it, without special tokens; gives each id in order. */
export type WordPiece = (text: string, take: (id: number) => void) => void;

const CACHE_LIMIT = 100_000;

/**
 * Greedy longest-match-first WordPiece (Wu et al. 2016) over a vocabulary in id order: clean, lower case, strip
 * accents, split at white space and punctuation, then pieces.
 */
export function wordPiece(vocabulary: readonly string[], options: WordPieceOptions): WordPiece {
  const { unknownId, maxCharsPerWord, continuingPrefix } = options;
  const starts = new Map<string, number>();
  const continuations = new Map<string, number>();
  for (const [id, piece] of vocabulary.entries()) {
    if (piece.startsWith(continuingPrefix)) continuations.set(piece.slice(continuingPrefix.length), id);
    starts.set(piece, id);
  }
  const pieces = (word: string): readonly number[] => {
    if ([...word].length > maxCharsPerWord) return [unknownId];
    const ids: number[] = [];
    let start = 0;
    while (start < word.length) {
      const table = start === 0 ? starts : continuations;
      let end = word.length;
      while (end > start && !table.has(word.slice(start, end))) end--;
      if (end === start) return [unknownId];
      ids.push(table.get(word.slice(start, end)) ?? unknownId);
      start = end;
    }
    return ids;
  };
  const known = new WordTable(pieces, CACHE_LIMIT);
  return (text, take) => {
    const clean = NON_ASCII.test(text) ? foldUnicode(text) : text.toLowerCase();
    forEachWord(clean, (start, end) => {
      const found = known.of(clean, start, end);
      for (let i = 0; i < found.length; i++) take(found[i] ?? unknownId);
    });
  };
}

const NON_ASCII = /[^\0-\x7f]/;

/** BERT's basic tokenizer, in a text that is clean: words and single punctuation marks. */
function forEachWord(clean: string, take: (start: number, end: number) => void): void {
  const { WORD, SINGLE, of } = characterKinds;
  let start = -1;
  for (let at = 0; at < clean.length; at++) {
    const kind = of(clean.charCodeAt(at));
    if (kind === WORD) {
      if (start < 0) start = at;
      continue;
    }
    if (start >= 0) take(start, at);
    start = -1;
    if (kind === SINGLE) take(at, at + 1);
  }
  if (start >= 0) take(start, clean.length);
}

/** ASCII characters stand for themselves, but for those that are dropped, so the rules look at the others alone. */
function foldUnicode(text: string): string {
  return text.replaceAll(CONTROL, '').replaceAll(BEYOND_ASCII, foldBeyondAscii).toLowerCase();
}

const CONTROL = /(?![\t\n\r])\p{Cc}/gu;
const BEYOND_ASCII = /[^\0-\x7f]+/g;

/** Control characters out, CJK apart, accents off: in the order of the reference. */
function foldBeyondAscii(run: string): string {
  return run
    .replaceAll(/\ufffd|[\p{Cc}\p{Cf}\p{Cn}\p{Co}]/gu, '')
    .replaceAll(CJK, ' $& ')
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll('Σ', 'σ'); // the reference lowers character by character: no final sigma
}

const CJK =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
