import { replaceControls, withoutInvisible } from '../../../lib/invisible.ts';
import { BARE_LINK, withoutStop } from './links.ts';

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

/** A bracket, tag or link that is not closed within so many characters is let go; it is made harmless then. */
const MAX_HELD = 400;

/**
 * Drops markers without a passage, images, tags, what nobody sees, and every link that the passage cited next does not
 * hold: the model may repeat a link of what it cites, but cannot be made to send a reader, or the reader's data,
 * somewhere else. A link is held back until its marker comes. What remains has no syntax of links, images or tags,
 * however the pieces were cut; a single word longer than any word is dropped.
 */
export function outputFilter(options: FilterOptions): OutputFilter {
  let held = '';
  let isInGiant = false;
  return {
    push(piece) {
      held = seen(held + piece);
      if (isInGiant) {
        const end = held.search(/[ \n\t]/);
        if (end < 0) held = '';
        else isInGiant = false;
        held = held.slice(Math.max(0, end));
      }
      const end = safeEnd(held);
      if (end === null) {
        held = '';
        isInGiant = true;
        return '';
      }
      const ready = held.slice(0, end);
      held = held.slice(end);
      return clean(ready, options);
    },
    end() {
      const rest = held;
      held = '';
      return clean(replaceControls(decoded(withoutInvisible(rest)), ''), options);
    },
  };
}

/** Characters that may join with the next piece: a joiner, half of a pair, an open character reference. */
const OPEN_END = /(?:[\u200c-\u200d\ud800-\udbff]|&[#\w]{0,10})$/;

/** What a reader sees of the text; the end that may still change stays. */
function seen(text: string): string {
  const end = OPEN_END.exec(text)?.index ?? text.length;
  return decoded(replaceControls(withoutInvisible(text.slice(0, end)), '')) + text.slice(end);
}

const NAMED: Readonly<Record<string, string>> = {
  colon: ':',
  sol: '/',
  bsol: '\\',
  period: '.',
  commat: '@',
  excl: '!',
  num: '#',
  quest: '?',
  lpar: '(',
  rpar: ')',
  lbrack: '[',
  rbrack: ']',
  lsqb: '[',
  rsqb: ']',
  Tab: '\t',
  NewLine: '\n',
};

/** Whoever writes these as references wants to show them. */
const MEANT: ReadonlySet<string> = new Set(['<', '>', '&']);

/** Character references that could spell a link or an image. */
function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,8}));/gi, (all, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED[name] ?? NAMED[name.toLowerCase()] ?? all;
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    if (code < 32 || code > 126) return '';
    const character = String.fromCharCode(code);
    return MEANT.has(character) ? all : character;
  });
}

const SPACES = [' ', '\n', '\t'] as const;

/** Up to where the text holds whole words, brackets and tags; null: it is one word without end. */
function safeEnd(text: string): number | null {
  const lastSpace = Math.max(...SPACES.map((space) => text.lastIndexOf(space)));
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
  if (text.length - end < MAX_HELD) return end;
  return lastSpace < 0 ? null : lastSpace + 1;
}

/** Where the first link without a marker behind it begins; the end of the text when there is none. */
function openLink(text: string): number {
  // Images and tags go whatever they hold.
  const links = text.replaceAll(IMAGE, blank).replaceAll(TAG, (tag) => (isPlainTag(tag) ? tag : blank(tag)));
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
const AUTOLINK = /<((?:[a-z][a-z0-9+.-]{1,20}:|[\w.+-]+@)[^>\s]*)>/gi;
const TAG = /<\/?[a-z][^>]*>/gi;
const ANY_LINK = new RegExp(`${LINK.source}|${BARE_LINK.source}`, 'giu');
const MARKER = /\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]/g;
/** Removing one thing may put together another; so often it is looked again. */
const ROUNDS = 8;

function clean(text: string, options: FilterOptions): string {
  let result = text;
  for (let round = 0; round < ROUNDS; round++) {
    const before = result;
    result = withoutLinks(result, options);
    if (result === before) break;
  }
  return disarmed(result).replaceAll(MARKER, (_, numbers: string) => {
    const valid = numbers
      .split(/[,;]/)
      .map(Number)
      .filter((number) => number >= 1 && number <= options.passageCount);
    return valid.map((number) => `[${number}]`).join('');
  });
}

function withoutLinks(text: string, { isKnownLink }: FilterOptions): string {
  return text
    .replaceAll(IMAGE, '')
    .replaceAll(LINK, (...match: [all: string, label: string, target: string, at: number, whole: string]) => {
      const [all, label, target, at, whole] = match;
      return isKnownLink(target, markersAfter(whole, at + all.length)) ? `${label} (${target})` : label;
    })
    .replaceAll(AUTOLINK, '$1')
    .replaceAll(TAG, (tag) => (isPlainTag(tag) ? tag : ''))
    .replaceAll(BARE_LINK, (link: string, at: number, whole: string) =>
      isKnownLink(withoutStop(link), markersAfter(whole, at + link.length)) ? link : '',
    );
}

/** What is left of syntax that was cut, or never closed: a space takes its meaning. */
function disarmed(text: string): string {
  return text
    .replaceAll(/\](?=\(|:)/g, '] ')
    .replaceAll(/!(?=\[)/g, '! ')
    .replaceAll(/<(?=[a-z/!?])(?![\w.:, |[\]?]+>)/gi, '< ');
}

/** Type arguments look like tags: no element of HTML has such a name, and without attributes nothing can happen. */
function isPlainTag(tag: string): boolean {
  const name = /^<([a-z][\w.:]*)[\w.:, |[\]?]*>$/i.exec(tag)?.[1];
  return name !== undefined && !ELEMENTS.has(name.toLowerCase());
}

const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br ' +
    'button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed ' +
    'fencedframe fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html ' +
    'i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee math menu menuitem ' +
    'meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param picture ' +
    'plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select slot small source spacer span ' +
    'strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul ' +
    'var video wbr xmp'
  ).split(' '),
);
