/** What is let through of a model's answer. */
export interface FilterOptions {
  /** Markers above this point at no passage and are dropped. */
  readonly passageCount: number;
  /** True for a link that a passage holds, character by character. */
  readonly isKnownLink: (link: string) => boolean;
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
 * Drops markers without a passage, images, tags, and links that no passage holds: the model may repeat a link of the
 * documents, but cannot be made to send a reader, or the reader's data, somewhere else.
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
  if (text.length - end >= MAX_HELD) return text.length;
  return Math.max(0, end);
}

const IMAGE = /!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?/g;
const LINK = /\[([^\]]*)\]\(([^)]*)\)/g;
const TAG = /<\/?[a-z][^>]*>/gi;
const BARE_LINK = /(?:[a-z][a-z0-9+.-]{1,20}:\/\/|www\.|mailto:|javascript:|data:[a-z]+\/)[^\s)>\]"'`]*/gi;
const MARKER = /\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]/g;

function clean(text: string, { passageCount, isKnownLink }: FilterOptions): string {
  if (text === '') return '';
  return text
    .replaceAll(IMAGE, '')
    .replaceAll(LINK, (_, label: string, target: string) =>
      isKnownLink(target) ? `${label} (${target})` : label,
    )
    .replaceAll(TAG, '')
    .replaceAll(BARE_LINK, (link) => (isKnownLink(withoutStop(link)) ? link : ''))
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
