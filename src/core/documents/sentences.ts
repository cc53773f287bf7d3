import type { Span } from './document.ts';
import { endsInAbbreviation, startsNewSentence } from './sentence-words.ts';

const NEWLINE = 10;
const PERIOD = 46;
/** `.`, `!`, `?`, ellipsis, ideographic and full-width stops. */
const STOPS = new Set([...'.!?…。！？｡'].map((stop) => stop.charCodeAt(0)));
const WIDE_STOPS = new Set([...'。！？｡'].map((stop) => stop.charCodeAt(0)));
const CLOSERS = new Set([...'"\'”’»)]}」』）】》*_'].map((closer) => closer.charCodeAt(0)));
/** A line that starts an item: `- `, `* `, `1. `, `a) `. */
const ITEM_START = /[^\S\n]*(?:[-*+•·]|\(?(?:\d{1,3}|[a-z])[.)])[^\S\n]+\S/y;

/**
 * The sentences of `text.slice(start, end)` as spans into `text`, trimmed of white space, in order; together
 * they hold every character that is not white space. Linear. A blank line, the next list item and the next
 * table row always end a sentence; a single line end does not.
 */
export function sentenceSpans(text: string, start = 0, end = text.length): Span[] {
  const spans: Span[] = [];
  let from = skipSpace(text, start, end);
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    let border = -1;
    if (code === NEWLINE) border = isHardBorder(text, at, end) ? at : -1;
    else if (STOPS.has(code)) {
      const after = afterStop(text, at, end);
      if (endsSentence(text, { from, at, after, end })) border = after;
      else at = after - 1;
    }
    at++;
    if (border < 0) continue;
    push(spans, text, from, border);
    from = skipSpace(text, border, end);
    at = Math.max(from, border);
  }
  push(spans, text, from, end);
  return spans;
}

function push(spans: Span[], text: string, start: number, end: number): void {
  let last = end;
  while (last > start && isSpace(text.charCodeAt(last - 1))) last--;
  if (last > start) spans.push({ start, end: last });
}

/** The place after a run of stops and the quotes and brackets that close after it. */
function afterStop(text: string, stop: number, end: number): number {
  let at = stop + 1;
  while (at < end && STOPS.has(text.charCodeAt(at))) at++;
  while (at < end && CLOSERS.has(text.charCodeAt(at))) at++;
  return at;
}

interface StopPlace {
  /** Start of the sentence. */
  readonly from: number;
  /** The first stop. */
  readonly at: number;
  /** After all stops and closers. */
  readonly after: number;
  readonly end: number;
}

function endsSentence(text: string, { from, at, after, end }: StopPlace): boolean {
  if (after >= end || WIDE_STOPS.has(text.charCodeAt(at))) return true;
  if (!isSpace(text.charCodeAt(after))) return isWide(text.charCodeAt(after));
  const next = skipQuotes(text, skipSpace(text, after, end), end);
  if (next >= end) return true;
  if (text.charCodeAt(at) === PERIOD && after === at + 1) {
    if (at > from && isSpace(text.charCodeAt(at - 1))) return true;
    if (isListNumber(text, from, at)) return false;
    if (endsInAbbreviation(text, from, at)) return startsNewSentence({ text, stop: at, next, from });
    return true;
  }
  const isLower = isLowerCase(text.charAt(next));
  const isEllipsis = text.charCodeAt(at) !== PERIOD ? text.charAt(at) === '…' : after > at + 1;
  return !(isLower && (isEllipsis || after > at + 1));
}

/** `1.` at the start of a sentence counts, it does not end one. */
function isListNumber(text: string, from: number, stop: number): boolean {
  if (stop - from > 4 || stop === from) return false;
  for (let at = from; at < stop; at++) if (text.charCodeAt(at) < 48 || text.charCodeAt(at) > 57) return false;
  return true;
}

function isHardBorder(text: string, newline: number, end: number): boolean {
  const next = skipSpace(text, newline, end);
  if (text.lastIndexOf('\n', next - 1) !== newline && next > newline + 1) return true;
  ITEM_START.lastIndex = newline + 1;
  if (ITEM_START.test(text) && ITEM_START.lastIndex <= end) return true;
  return isTableRow(text, newline, end);
}

/** Whether the line before or after a line end holds ` | `. */
function isTableRow(text: string, newline: number, end: number): boolean {
  const lineStart = text.lastIndexOf('\n', newline - 1) + 1;
  const nextEnd = text.indexOf('\n', newline + 1);
  return (
    hasBar(text, lineStart, newline) || hasBar(text, newline + 1, nextEnd < 0 ? end : Math.min(nextEnd, end))
  );
}

function hasBar(text: string, start: number, end: number): boolean {
  const bar = text.slice(start, Math.min(end, start + 400)).indexOf(' | ');
  return bar >= 0;
}

function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function skipQuotes(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && '"\'“‘«([*_'.includes(text.charAt(at))) at++;
  return at;
}

function isLowerCase(character: string): boolean {
  return character !== character.toUpperCase();
}

/** Ideographs, kana, hangul and full-width forms: scripts that write no space after a stop. */
function isWide(code: number): boolean {
  return (code >= 0x3000 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af) || code >= 0xff00;
}

function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  return (
    code === 0xa0 ||
    code === 0x3000 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029
  );
}
