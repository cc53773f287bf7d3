/** What is let through of a model's answer. */
export interface FilterOptions {
  /** Markers above this point at no passage and are dropped. */
  readonly passageCount: number;
  /** True for a link that one of the passages with these numbers holds, character by character. */
  readonly isKnownLink: (link: string, markers: readonly number[]) => boolean;
}

/** Cleans a streamed text: takes pieces of any size, gives back what is safe to show so far. */
export interface OutputFilter {
  push(piece: string): string;
  /** What was held back, once the model is done. */
  end(): string;
}

/** A bracket, tag or word that is not closed within so many characters is let go as plain text. */
const MAX_HELD = 400;

/**
 * Drops markers without a passage, images, tags, and every link that the passage cited next does not hold: the model
 * may repeat a link of what it cites, but cannot be made to send a reader, or the reader's data, somewhere else. A link
 * is held back until its marker comes.
 */
export function outputFilter(options: FilterOptions): OutputFilter {
  let held = '';
  return {
    push(piece) {
      held += piece;
      const end = safeEnd(held);
      const ready = held.slice(0, end);
      held = held.slice(end);
      return clean(ready, options);
    },
    end() {
      const rest = held;
      held = '';
      return clean(rest, options);
    },
  };
}

/** Up to where the text holds whole words, brackets and tags. */
function safeEnd(text: string): number {
  const lastSpace = Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n'), text.lastIndexOf('\t'));
  let end = lastSpace + 1;
  for (const [open, close] of [
    ['[', ']'],
    ['(', ')'],
    ['<', '>'],
  ] as const) {
    const at = text.lastIndexOf(open, end - 1);
    if (at >= 0 && !text.slice(at, end).includes(close) && text.length - at < MAX_HELD)
      end = Math.min(end, at);
  }
  // A link's label and its target belong together, and so does the exclamation mark of an image.
  while (end > 0 && (text[end - 1] === '!' || text[end - 1] === ']')) end--;
  end = Math.min(end, openLink(text.slice(0, end)));
  if (text.length - end >= MAX_HELD) return text.length;
  return Math.max(0, end);
}

/** Where the first link without a marker behind it begins; the end of the text when there is none. */
function openLink(text: string): number {
  // Images and tags go whatever they hold.
  const links = text.replaceAll(IMAGE, blank).replaceAll(TAG, blank);
  for (const match of links.matchAll(ANY_LINK)) {
    if (markersAfter(text, match.index + match[0].length).length === 0) return match.index;
  }
  return text.length;
}

function blank(match: string): string {
  return ' '.repeat(match.length);
}

/** Numbers of the first group of markers behind a place. */
function markersAfter(text: string, from: number): number[] {
  const group = /\[\s*\d[\d\s,;]*\](?:\s*\[\s*\d[\d\s,;]*\])*/.exec(text.slice(from))?.[0] ?? '';
  return (group.match(/\d+/g) ?? []).map(Number);
}

const IMAGE = /!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?/g;
const LINK = /\[([^\]]*)\]\(([^)]*)\)/g;
const TAG = /<\/?[a-z][^>]*>/gi;
const BARE_LINK = /(?:[a-z][a-z0-9+.-]{1,20}:\/\/|www\.|mailto:|javascript:|data:[a-z]+\/)[^\s)>\]"'`]*/gi;
const ANY_LINK = new RegExp(`${LINK.source}|${BARE_LINK.source}`, 'gi');
const MARKER = /\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]/g;

function clean(text: string, { passageCount, isKnownLink }: FilterOptions): string {
  if (text === '') return '';
  return text
    .replaceAll(IMAGE, '')
    .replaceAll(LINK, (...match: [all: string, label: string, target: string, at: number, whole: string]) => {
      const [all, label, target, at, whole] = match;
      return isKnownLink(target, markersAfter(whole, at + all.length)) ? `${label} (${target})` : label;
    })
    .replaceAll(TAG, '')
    .replaceAll(BARE_LINK, (link: string, at: number, whole: string) =>
      isKnownLink(withoutStop(link), markersAfter(whole, at + link.length)) ? link : '',
    )
    .replaceAll(MARKER, (_, numbers: string) => {
      const valid = numbers
        .split(/[,;]/)
        .map(Number)
        .filter((number) => number >= 1 && number <= passageCount);
      return valid.map((number) => `[${number}]`).join('');
    });
}

/** A sentence's own full stop or comma is not part of a link. */
function withoutStop(link: string): string {
  return link.replace(/[.,;:!?]+$/, '');
}
