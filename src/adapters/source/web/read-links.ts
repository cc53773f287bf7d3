import { Tokenizer, TokenizerMode, type Token, type TokenHandler } from 'parse5';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface PageLinks {
  /** Absolute, http or https, without fragment, each once, in the order of the page. */
  readonly links: readonly string[];
  /** False when the page says `noindex`. */
  readonly isIndexed: boolean;
}

/** Links beyond these are not looked for: no page that people read has them. */
const MAX_HTML_BYTES = 4 * 2 ** 20;
const MAX_LINKS = 10_000;
const PIECE_CHARACTERS = 16 * 1024;

/** Elements whose content is no markup. */
const MODES: Readonly<Record<string, (typeof TokenizerMode)[keyof typeof TokenizerMode]>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
};

/**
 * The links of an HTML page, in the way robots read them: `<base>`, `rel="nofollow"` and `<meta name="robots">` count.
 * Works in small pieces, so that a large page holds up nobody.
 */
export async function readLinks(bytes: Uint8Array, url: string): Promise<PageLinks> {
  const html = new TextDecoder().decode(bytes.subarray(0, MAX_HTML_BYTES));
  const page: PageState = { url, base: url, isIndexed: true, isFollowed: true, links: new Set() };
  const tokenizer: Tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: false },
    handler((tag) => {
      tokenizer.state = MODES[tag.tagName] ?? tokenizer.state;
      READERS[tag.tagName]?.(new Map(tag.attrs.map(({ name, value }) => [name, value])), page);
    }),
  );
  for (let start = 0; start < html.length; start += PIECE_CHARACTERS) {
    tokenizer.write(html.slice(start, start + PIECE_CHARACTERS), start + PIECE_CHARACTERS >= html.length);
    await nextTurn();
  }
  return { links: page.isFollowed ? [...page.links] : [], isIndexed: page.isIndexed };
}

interface PageState {
  readonly url: string;
  base: string;
  isIndexed: boolean;
  isFollowed: boolean;
  readonly links: Set<string>;
}

type Attributes = ReadonlyMap<string, string>;

const READERS: Readonly<Record<string, (attributes: Attributes, page: PageState) => void>> = {
  a: readLink,
  area: readLink,
  base(attributes, page) {
    page.base = URL.parse(attributes.get('href') ?? '', page.url)?.href ?? page.base;
  },
  meta(attributes, page) {
    if (attributes.get('name')?.toLowerCase() !== 'robots') return;
    const rules = attributes.get('content') ?? '';
    if (/\b(noindex|none)\b/i.test(rules)) page.isIndexed = false;
    if (/\b(nofollow|none)\b/i.test(rules)) page.isFollowed = false;
  },
};

function readLink(attributes: Attributes, page: PageState): void {
  if (/\bnofollow\b/i.test(attributes.get('rel') ?? '')) return;
  const link = linkOf(attributes.get('href'), page.base);
  if (link !== null && page.links.size < MAX_LINKS) page.links.add(link);
}

const nothing = (): void => undefined;

function handler(onStartTag: (tag: Token.TagToken) => void): TokenHandler {
  return {
    onStartTag,
    onComment: nothing,
    onDoctype: nothing,
    onEof: nothing,
    onEndTag: nothing,
    onCharacter: nothing,
    onNullCharacter: nothing,
    onWhitespaceCharacter: nothing,
  };
}

function linkOf(href: string | undefined, base: string): string | null {
  const url = href === undefined ? null : URL.parse(href.trim(), base);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  url.hash = '';
  return url.href;
}
