import type { Token } from 'markdown-it';
import { parseFragment } from 'parse5';
import type { ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { BlockWriter } from './block-writer.ts';
import { readFrontMatter } from './front-matter.ts';
import { writeHtml } from './html-blocks.ts';
import { inlineText } from './markdown-inline.ts';
import { markdownSyntax, type MarkdownSyntax } from './markdown-syntax.ts';
import { singleDocument } from './single-document.ts';

const syntax = markdownSyntax({ indentedCode: true });

/** CommonMark with tables, strikethrough, raw HTML and front matter. */
export const markdownParser: Parser = {
  format: 'markdown',
  extensions: ['md', 'markdown', 'mdown', 'mkd', 'mkdn', 'qmd', 'rmd'],
  mediaTypes: ['text/markdown', 'text/x-markdown'],
  parse: ({ text, name }) => singleDocument(parseMarkdown(text), name),
};

/** One document of Markdown text, front matter included. */
export function parseMarkdown(text: string): ParsedDocument {
  const head = readFrontMatter(text);
  return markdownDocument(text.slice(head.bodyStart), { head, syntax });
}

export interface MarkdownContext {
  readonly head: Omit<ReturnType<typeof readFrontMatter>, 'bodyStart'>;
  readonly syntax: MarkdownSyntax;
}

/** The document of a Markdown body whose front matter has been read. */
export function markdownDocument(body: string, context: MarkdownContext): ParsedDocument {
  const walk = new MarkdownWalk(context.syntax);
  for (const token of context.syntax.blocks(body)) walk.visit(token);
  const { title, metadata, language } = context.head;
  return { recordKey: null, title: title ?? walk.title, uri: null, ...walk.finish(), metadata, language };
}

const BLOCK_KIND = { item: 'list_item', quote: 'quote' } as const;

interface ListItem {
  /** `- ` or `1. `, until the item's first block has been written. */
  marker: string;
  readonly markerWidth: number;
}

/** Follows the flat token stream and writes blocks; keeps the open containers. */
class MarkdownWalk {
  readonly #writer = new BlockWriter();
  readonly #syntax: MarkdownSyntax;
  readonly #containers: ('item' | 'quote')[] = [];
  readonly #items: ListItem[] = [];
  #headingLevel = 0;
  #rows: string[][] | null = null;
  #title: string | null = null;

  constructor(syntax: MarkdownSyntax) {
    this.#syntax = syntax;
  }

  /** The text of the first level 1 heading. */
  get title(): string | null {
    return this.#title;
  }

  finish(): Pick<ParsedDocument, 'text' | 'blocks'> {
    return this.#writer.finish();
  }

  visit(token: Token): void {
    if (token.type === 'inline') this.#inline(inlineText(token.content, this.#syntax));
    else if (token.type === 'fence' || token.type === 'code_block') this.#writer.add('code', token.content);
    else if (token.type === 'html_block') this.#html(token.content);
    else if (token.type === 'heading_open') this.#headingLevel = Number(token.tag.slice(1));
    else if (token.type === 'heading_close') this.#headingLevel = 0;
    else this.#container(token);
  }

  #container(token: Token): void {
    if (token.type === 'list_item_open') this.#openItem(token);
    else if (token.type === 'blockquote_open') this.#containers.push('quote');
    else if (token.type === 'list_item_close') {
      this.#containers.pop();
      this.#items.pop();
    } else if (token.type === 'blockquote_close') this.#containers.pop();
    else if (token.type === 'table_open') this.#rows = [];
    else if (token.type === 'tr_open') this.#rows?.push([]);
    else if (token.type === 'table_close') this.#closeTable();
  }

  #openItem(token: Token): void {
    const marker = token.info === '' ? '- ' : `${token.info}. `;
    this.#containers.push('item');
    this.#items.push({ marker, markerWidth: marker.length });
  }

  #closeTable(): void {
    const rows = (this.#rows ?? []).map((cells) => cells.join(' | '));
    this.#rows = null;
    this.#writer.add('table', rows.join('\n'));
  }

  #inline(text: string): void {
    if (this.#rows !== null) this.#rows.at(-1)?.push(text.replace(/\s+/g, ' ').trim());
    else if (this.#headingLevel > 0 && this.#containers.length === 0) this.#heading(text);
    else this.#prose(text);
  }

  #heading(text: string): void {
    const heading = text
      .replace(/\s*\{#[\w.:-]+\}\s*$/, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (this.#headingLevel === 1 && heading !== '') this.#title ??= heading;
    this.#writer.add('heading', heading, { level: this.#headingLevel });
  }

  #prose(text: string): void {
    const container = this.#containers.at(-1);
    const prose = text.includes(':::') ? withoutDirectives(text) : text;
    if (container === 'item') this.#itemText(prose);
    else this.#writer.add(container === undefined ? 'paragraph' : BLOCK_KIND[container], prose);
  }

  #itemText(text: string): void {
    const item = this.#items.at(-1);
    if (item === undefined || text.trim() === '') return;
    const outer = this.#items.slice(0, -1).reduce((width, { markerWidth }) => width + markerWidth, 0);
    const indent = Math.min(outer + (item.marker === '' ? item.markerWidth : 0), 32);
    this.#writer.add('list_item', item.marker + text.trim(), { indent });
    item.marker = '';
  }

  #html(html: string): void {
    const container = this.#containers.at(-1);
    writeHtml(
      parseFragment(html),
      this.#writer,
      container === undefined ? 'paragraph' : BLOCK_KIND[container],
    );
  }
}

/** Container directives (`:::note Title`) keep their title and lose their fences. */
function withoutDirectives(text: string): string {
  return text.replace(/(^|[\s])(?::::+(?:\{[^}\n]{0,200}\}|[\w-]+)?(?=\s|$))/g, '$1').trim();
}
