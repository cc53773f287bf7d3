import { domainToUnicode } from 'node:url';
import MarkdownIt from 'markdown-it';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';

/** What a chat client makes of an answer that it takes for Markdown with HTML, finding addresses by itself. */
export interface Rendered {
  /** Everything that leads or loads somewhere. */
  readonly links: readonly string[];
  readonly images: readonly string[];
  /** Names of elements that Markdown itself does not make. */
  readonly foreign: readonly string[];
}

const OWN = new Set(
  'html head body p a em strong code pre ul ol li h1 h2 h3 h4 h5 h6 blockquote br hr s table thead tbody tr th td'.split(
    ' ',
  ),
);
const ACTIVE = new Set(
  (
    'script style iframe frame frameset object embed applet form input button select textarea svg math video audio source ' +
    'picture link meta base title template noscript img area map canvas dialog details marquee'
  ).split(' '),
);
const CLIENT = new MarkdownIt({ html: true, linkify: true });

export function rendered(answer: string): Rendered {
  const found = { links: [] as string[], images: [] as string[], foreign: [] as string[] };
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ('tagName' in node) {
      if (node.tagName === 'img') found.images.push(attributesOf(node));
      else if (!OWN.has(node.tagName) && !isHarmless(node)) found.foreign.push(node.tagName);
      for (const { name, value } of node.attrs)
        if (/^(?:href|src|action|on\w+)$/.test(name)) found.links.push(value);
    }
    if ('childNodes' in node) for (const child of node.childNodes) visit(child);
  };
  visit(parse(CLIENT.render(answer)));
  return found;
}

function attributesOf({ attrs }: DefaultTreeAdapterTypes.Element): string {
  return attrs.map(({ name, value }) => `${name}=${value}`).join(' ');
}

/** An element that does nothing without attributes, such as one that no browser knows: `Map<string>`. */
function isHarmless({ tagName, attrs }: DefaultTreeAdapterTypes.Element): boolean {
  return attrs.length === 0 && !ACTIVE.has(tagName);
}

/** Addresses of a link as a text could have them. */
export function spellings(link: string): readonly string[] {
  const plain = decodeURI(link).replace(/xn--[\w.-]+/, domainToUnicode);
  return [link, plain, plain.replace(/^(?:https?:\/\/|mailto:)/, '')];
}
