import {
  characterClass,
  DIGIT,
  HAN,
  HANGUL,
  isPaired,
  isUnspaced,
  LOWER,
  OTHER,
  UNDIVIDED,
  UPPER,
} from './characters.ts';

/** Receives tokens in reading order as ranges of the text. */
export interface TokenSink {
  /** A word, number, part of an identifier, or pair of characters of Chinese, Japanese or Korean. */
  word(start: number, end: number): void;
  /**
   * A character that can be a word of its own, beside the pairs that hold it. `isAlone`: it most likely is one, since
   * a particle or an ending follows. One without neighbours is given as a word instead.
   */
  character(start: number, end: number, isAlone: boolean): void;
  /** The whole of an identifier, version, address or compound whose parts were, or will be, given as words. */
  compound(start: number, end: number): void;
}

const DOT = 46;
const UNDERSCORE = 95;
const APOSTROPHE = 39;
const TYPOGRAPHIC_APOSTROPHE = 0x2019;
const HYPHEN = 45;
const AT = 64;
const COMMA = 44;

/** True when `unit` may stand between two word characters of one compound. */
function isJoiner(unit: number, before: number, after: number): boolean {
  switch (unit) {
    case UNDERSCORE:
    case AT:
    case HYPHEN:
      return true;
    case DOT:
      return true;
    case COMMA:
      return before === DIGIT && after === DIGIT;
    case APOSTROPHE:
    case TYPOGRAPHIC_APOSTROPHE:
      return before !== DIGIT && after !== DIGIT;
    default:
      return false;
  }
}

/**
 * Cuts text into words in one pass: runs of letters and digits; identifiers at underscores, dots, hyphens
 * and changes of case, beside the whole; numbers with their separators; Chinese, Japanese and Korean into pairs of
 * characters; Thai, Lao, Khmer and Burmese into the words of ICU's dictionaries.
 */
export function tokenize(text: string, sink: TokenSink): void {
  let at = 0;
  while (at < text.length) {
    const kind = characterClass(text.charCodeAt(at));
    if (kind === OTHER) at++;
    else if (isPaired(kind)) at = pairedRun(text, at, sink);
    else if (kind === UNDIVIDED) at = undividedRun(text, at, sink);
    else at = compoundRun(text, at, sink);
  }
}

function pairedRun(text: string, start: number, sink: TokenSink): number {
  let end = start + 1;
  while (end < text.length && isPaired(characterClass(text.charCodeAt(end)))) end++;
  if (end - start === 1) {
    sink.word(start, end);
    return end;
  }
  for (let i = start; i < end; i++) {
    const kind = characterClass(text.charCodeAt(i));
    if (kind === HAN) sink.character(i, i + 1, isAlone(text, i, { start, end }));
    // A syllable and a particle: 물은, 책을.
    else if (kind === HANGUL && i === start && end - start === 2) sink.character(i, i + 1, true);
    if (i + 2 <= end) sink.word(i, i + 2);
  }
  return end;
}

/** No other Han character of the run touches this one: 鍵は, 車を. */
function isAlone(text: string, at: number, { start, end }: { start: number; end: number }): boolean {
  const isHan = (place: number): boolean =>
    place >= start && place < end && characterClass(text.charCodeAt(place)) === HAN;
  return !isHan(at - 1) && !isHan(at + 1);
}

/** Finds words of all of these scripts, whatever its language. */
const segmenter = new Intl.Segmenter('th', { granularity: 'word' });
/** A longer run is cut, so that no text takes the dictionaries' time by its form. */
const MAX_UNDIVIDED = 4096;

function undividedRun(text: string, start: number, sink: TokenSink): number {
  let end = start + 1;
  const limit = Math.min(text.length, start + MAX_UNDIVIDED);
  while (end < limit && characterClass(text.charCodeAt(end)) === UNDIVIDED) end++;
  for (const { index, segment } of segmenter.segment(text.slice(start, end)))
    sink.word(start + index, start + index + segment.length);
  return end;
}

function wordEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const kind = characterClass(text.charCodeAt(end));
    if (kind === OTHER || isUnspaced(kind)) break;
    end++;
  }
  return end;
}

function isNumeric(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (characterClass(text.charCodeAt(i)) !== DIGIT) return false;
  return true;
}

/** End of the run that follows a joiner at `end`, or `end` when nothing is joined. */
function joinedEnd(text: string, end: number): number {
  if (end + 1 >= text.length) return end;
  const before = characterClass(text.charCodeAt(end - 1));
  const after = characterClass(text.charCodeAt(end + 1));
  if (after === OTHER || isUnspaced(after)) return end;
  return isJoiner(text.charCodeAt(end), before, after) ? wordEnd(text, end + 1) : end;
}

const MAX_COMPOUND = 64;

function compoundRun(text: string, start: number, sink: TokenSink): number {
  const firstEnd = wordEnd(text, start);
  let end = firstEnd;
  let next = joinedEnd(text, end);
  if (next === end) {
    if (caseParts(text, start, end, sink)) sink.compound(start, end);
    return end;
  }
  if (isApostrophe(text.charCodeAt(end))) return apostropheRun(text, start, next, sink);
  if (isNumeric(text, start, firstEnd)) return numericRun(text, start, sink);
  caseParts(text, start, firstEnd, sink);
  while (next > end && !isApostrophe(text.charCodeAt(end))) {
    caseParts(text, end + 1, next, sink);
    end = next;
    next = joinedEnd(text, end);
  }
  if (end - start <= MAX_COMPOUND) sink.compound(start, end);
  // A possessive after a compound is dropped; anything else after the apostrophe is read as a new word.
  return next > end + 2 ? end + 1 : next;
}

function isApostrophe(unit: number): boolean {
  return unit === APOSTROPHE || unit === TYPOGRAPHIC_APOSTROPHE;
}

/** `don't` stays one word; a possessive `'s` is dropped; `l'homme` becomes two words. */
function apostropheRun(text: string, start: number, end: number, sink: TokenSink): number {
  let mark = start;
  while (!isApostrophe(text.charCodeAt(mark))) mark++;
  const tail = end - mark - 1;
  if (tail === 1 && (text.charCodeAt(mark + 1) | 32) === 115) sink.word(start, mark);
  else if (mark - start <= 2 && tail > 2) {
    sink.word(start, mark);
    caseParts(text, mark + 1, end, sink);
  } else sink.word(start, end);
  return end;
}

/** `1,000`, `3.14`, `2024-01-31`, `10.0.0.1`: one token, and its parts at hyphens. */
function numericRun(text: string, start: number, sink: TokenSink): number {
  let end = wordEnd(text, start);
  let partStart = start;
  let parts = 0;
  for (let next = joinedEnd(text, end); next > end; next = joinedEnd(text, end)) {
    const joiner = text.charCodeAt(end);
    if (joiner !== DOT && joiner !== COMMA) {
      sink.word(partStart, end);
      partStart = end + 1;
      parts++;
    }
    end = next;
  }
  if (parts === 0) sink.word(start, end);
  else {
    caseParts(text, partStart, end, sink);
    sink.compound(start, end);
  }
  return end;
}

/** Emits the parts of a run at changes of case; true when there were several. */
function caseParts(text: string, start: number, end: number, sink: TokenSink): boolean {
  let partStart = start;
  let before = characterClass(text.charCodeAt(start));
  for (let i = start + 1; i < end; i++) {
    const kind = characterClass(text.charCodeAt(i));
    const isRise = kind === UPPER && before !== UPPER;
    const isAcronymEnd =
      kind === UPPER && before === UPPER && i + 1 < end && characterClass(text.charCodeAt(i + 1)) === LOWER;
    if (i > partStart && (isRise || isAcronymEnd)) {
      sink.word(partStart, i);
      partStart = i;
    }
    before = kind;
  }
  sink.word(partStart, end);
  return partStart > start;
}
