import { attribute, type HtmlElement } from './html-tree.ts';

/** Elements that never hold a document's own text. */
const NOISE_TAGS = new Set(
  (
    'head script style template noscript svg nav button input select textarea option datalist meter progress ' +
    'iframe object embed canvas audio video map dialog frameset noframes'
  ).split(' '),
);
const NOISE_ROLES = new Set([
  'navigation',
  'banner',
  'contentinfo',
  'search',
  'dialog',
  'alertdialog',
  'menu',
  'menubar',
  'toolbar',
]);
const NOISE_NAMES =
  /(?:^|[\s_-])(?:(?:cookie|consent|gdpr)s?(?:[\s_-]?(?:banner|notice|bar|popup|modal|overlay|consent|message|policy-banner|wall))|onetrust[\w-]*|cc-window|breadcrumbs?|skip-?(?:link|nav|to-content)s?|headerlink|hash-link|anchor-?link|header-anchor|toc-?link|table-of-contents|print-only)(?:$|[\s_-])/i;
/** Styles that keep text from every reader: a page that uses them has something to say to machines alone. */
const HIDING_STYLE =
  /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity|zoom)\s*:\s*(?:0|0?\.0+)(?:\.0*)?(?:px|r?em|pt|%|vw|ex|ch)?\s*(?:;|!|$)|font\s*:\s*(?:[\w-]+\s+)*0(?:px|pt|r?em)?(?:\s|\/)|color\s*:\s*transparent|(?:text-indent|left|right|top|bottom|margin-(?:left|top))\s*:\s*-(?:\d{4,}|\d{3,}(?:r?em|v[wh]|%))|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*(?:inset\((?:50|100)%|circle\(0)|transform\s*:\s*scale[xy]?\(\s*0(?:\.0+)?\s*[,)])/i;
/** A box without room; hides what is in it when that cannot flow over. */
const NO_ROOM = /(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)/i;
const CUTS_OFF = /(?:^|[;\s])overflow(?:-[xy])?\s*:\s*(?:hidden|clip)/i;
/** An aside of these kinds is part of the text. */
const CALLOUT =
  /(?:^|[\s_-])(?:note|tip|info|hint|important|warning|caution|danger|admonition|callout|alert|aside)(?:$|[\s_-])/i;

/** Whether an element and all in it is page furniture: navigation, controls, banners, hidden things. */
export function isNoise(element: HtmlElement, isInContent: boolean): boolean {
  const { tagName } = element;
  if (NOISE_TAGS.has(tagName)) return true;
  if (tagName === 'header' || tagName === 'footer') return !isInContent;
  if (element.attrs.length === 0) return tagName === 'aside';
  if (tagName === 'aside' && !CALLOUT.test(attribute(element, 'class') ?? '')) return true;
  return isHidden(element) || NOISE_ROLES.has(attribute(element, 'role') ?? '') || hasNoiseName(element);
}

function isHidden(element: HtmlElement): boolean {
  const hidden = attribute(element, 'hidden');
  if (hidden !== null && hidden !== 'until-found') return true;
  if (attribute(element, 'aria-hidden') === 'true') return true;
  const style = attribute(element, 'style');
  if (style === null) return false;
  return HIDING_STYLE.test(style) || (NO_ROOM.test(style) && CUTS_OFF.test(style));
}

function hasNoiseName(element: HtmlElement): boolean {
  if (element.tagName === 'body' || element.tagName === 'main' || element.tagName === 'article') return false;
  const names = `${attribute(element, 'class') ?? ''} ${attribute(element, 'id') ?? ''}`;
  return names.length > 1 && names.length < 2000 && NOISE_NAMES.test(names);
}
