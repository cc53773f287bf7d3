import { parse } from 'parse5';
import type { Metadata, ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { BlockWriter } from './block-writer.ts';
import { flatMetadata, languageCode } from './front-matter.ts';
import { writeHtml } from './html-blocks.ts';
import { mainContent } from './html-main.ts';
import { attribute, textOf, walkHtml, type HtmlElement, type HtmlNode } from './html-tree.ts';
import { singleDocument } from './single-document.ts';

/** Web pages: the main text without navigation, banners, forms and scripts. */
export const htmlParser: Parser = {
  format: 'html',
  extensions: ['html', 'htm', 'xhtml', 'shtml'],
  mediaTypes: ['text/html', 'application/xhtml+xml'],
  parse: ({ text, name }) => singleDocument(parseHtml(text), name),
};

export function parseHtml(html: string): ParsedDocument {
  const page = parse(html);
  const facts = readHead(page);
  const writer = new BlockWriter();
  writeHtml(mainContent(page), writer);
  const title = pageTitle(facts.title, facts.firstHeading);
  const { uri, metadata, language } = facts;
  return { recordKey: null, title, uri, ...writer.finish(), metadata, language };
}

interface PageFacts {
  title: string | null;
  firstHeading: string | null;
  uri: string | null;
  language: string | null;
  metadata: Metadata;
}

function readHead(page: HtmlNode): PageFacts {
  const facts: PageFacts = { title: null, firstHeading: null, uri: null, language: null, metadata: {} };
  const named: [string, unknown][] = [];
  walkHtml(page, {
    text: () => {},
    enter(element) {
      const { tagName } = element;
      if (tagName === 'svg' || tagName === 'template') return false;
      if (tagName === 'html')
        facts.language = languageCode(attribute(element, 'lang') ?? attribute(element, 'xml:lang'));
      else if (tagName === 'title') facts.title ??= textOf(element) || null;
      else if (tagName === 'h1') facts.firstHeading ??= textOf(element).replace(/\s*[¶#]$/, '') || null;
      else if (tagName === 'meta') named.push(...metaFact(element));
      else if (tagName === 'link') facts.uri ??= canonical(element);
      return true;
    },
    leave: () => {},
  });
  facts.metadata = flatMetadata(named);
  return facts;
}

function metaFact(element: HtmlElement): [string, unknown][] {
  const name = attribute(element, 'name')?.toLowerCase();
  const content = attribute(element, 'content')?.trim() ?? '';
  if (content === '') return [];
  if (name === 'description' || name === 'author') return [[name, content]];
  if (name !== 'keywords') return [];
  const keywords = content.split(',').map((keyword) => keyword.trim());
  return [['keywords', keywords.filter((keyword) => keyword !== '')]];
}

function canonical(element: HtmlElement): string | null {
  const href = attribute(element, 'href')?.trim() ?? '';
  return attribute(element, 'rel')?.toLowerCase() === 'canonical' && /^https?:\/\//i.test(href) ? href : null;
}

/** The page title; without the site's name where the first heading tells which part that is. */
function pageTitle(title: string | null, heading: string | null): string | null {
  if (title === null || heading === null || !title.startsWith(heading)) return title ?? heading;
  return /^\s*[|·•—–-]\s/.test(title.slice(heading.length)) ? heading : title;
}
