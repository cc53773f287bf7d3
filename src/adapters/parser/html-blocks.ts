import type { BlockKind } from '../../core/documents/document.ts';
import type { BlockWriter } from './block-writer.ts';
import { isNoise } from './html-noise.ts';
import {
  attribute,
  isElement,
  walkHtml,
  type HtmlElement,
  type HtmlNode,
  type HtmlVisitor,
} from './html-tree.ts';

const BLOCK_TAGS = new Set(
  (
    'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol p pre section summary table tbody td ' +
    'tfoot th thead tr ul'
  ).split(' '),
);
const CONTENT_TAGS = new Set(['article', 'main', 'section', 'blockquote']);
const LAYOUT_TAGS = new Set(['table', 'pre', 'h1', 'h2', 'h3', 'h4', 'ul', 'ol', 'blockquote']);
const LAYOUT_SCAN = 2000;
const MAX_INDENT = 32;

/** Writes the blocks of a tree; text outside of any other block gets the kind `plain`. */
export function writeHtml(root: HtmlNode, writer: BlockWriter, plain: BlockKind = 'paragraph'): void {
  const blocks = new HtmlBlocks(writer, plain, isElement(root));
  walkHtml(root, blocks);
  blocks.flush();
}

interface OpenList {
  /** Number of the next item, or null in a bullet list. */
  next: number | null;
}

/** Collects inline text and writes a block wherever a block element starts or ends. */
class HtmlBlocks implements HtmlVisitor {
  readonly #writer: BlockWriter;
  readonly #plain: BlockKind;
  readonly #lists: OpenList[] = [];
  readonly #items: string[] = [];
  #inline: string[] = [];
  #rows: string[][] | null = null;
  #headingLevel = 0;
  #preDepth = 0;
  #quoteDepth = 0;
  #definitionDepth = 0;
  #contentDepth: number;

  constructor(writer: BlockWriter, plain: BlockKind, isInContent: boolean) {
    this.#writer = writer;
    this.#plain = plain;
    this.#contentDepth = isInContent ? 1 : 0;
  }

  text(value: string): void {
    this.#inline.push(this.#preDepth > 0 ? value : value.replace(/[\s\u00a0]+/g, ' '));
  }

  enter(element: HtmlElement): boolean {
    const { tagName } = element;
    if (isNoise(element, this.#contentDepth > 0)) return false;
    if (tagName === 'br') this.#inline.push('\n');
    else if (tagName === 'img') this.#inline.push(attribute(element, 'alt') ?? '');
    else if (BLOCK_TAGS.has(tagName)) this.#enterBlock(element);
    return true;
  }

  leave(element: HtmlElement): void {
    const { tagName } = element;
    if (!BLOCK_TAGS.has(tagName)) return;
    if (this.#rows !== null && this.#leaveInTable(tagName, this.#rows)) return;
    this.flush();
    if (tagName === 'pre') this.#preDepth--;
    else if (tagName === 'blockquote') this.#quoteDepth--;
    else if (tagName === 'dd') this.#definitionDepth--;
    else if (tagName === 'li') this.#items.pop();
    else if (tagName === 'ul' || tagName === 'ol') this.#lists.pop();
    else if (isHeading(tagName)) this.#headingLevel = 0;
    if (CONTENT_TAGS.has(tagName)) this.#contentDepth--;
  }

  /** Writes what has been collected. */
  flush(): void {
    const collected = this.#inline.join('');
    this.#inline = [];
    if (this.#preDepth > 0) this.#writer.add('code', collected);
    else
      this.#writeProse(
        collected
          .replace(/ *\n */g, '\n')
          .replace(/ {2,}/g, ' ')
          .trim(),
      );
  }

  #enterBlock(element: HtmlElement): void {
    const { tagName } = element;
    if (this.#rows !== null) {
      this.#enterInTable(tagName, this.#rows);
      return;
    }
    if (this.#preDepth > 0 && tagName !== 'pre') this.#inline.push('\n');
    else this.flush();
    if (tagName === 'pre') this.#preDepth++;
    else if (tagName === 'blockquote') this.#quoteDepth++;
    else if (tagName === 'dd') this.#definitionDepth++;
    else if (tagName === 'table') this.#rows = isLayoutTable(element) ? null : [];
    else if (isHeading(tagName)) this.#headingLevel = Number(tagName.slice(1));
    else this.#enterList(element);
    if (CONTENT_TAGS.has(tagName)) this.#contentDepth++;
  }

  #enterList(element: HtmlElement): void {
    const { tagName } = element;
    if (tagName === 'ul') this.#lists.push({ next: null });
    else if (tagName === 'ol')
      this.#lists.push({ next: Number.parseInt(attribute(element, 'start') ?? '1', 10) || 1 });
    else if (tagName === 'li') {
      const list = this.#lists.at(-1);
      this.#items.push(typeof list?.next === 'number' ? `${list.next++}. ` : '- ');
    }
  }

  #enterInTable(tagName: string, rows: string[][]): void {
    if (tagName === 'tr') rows.push([]);
    if (tagName === 'td' || tagName === 'th' || tagName === 'tr') this.#inline = [];
    else this.#inline.push(' ');
  }

  /** Whether the end of the element was a matter of the table alone. */
  #leaveInTable(tagName: string, rows: string[][]): boolean {
    if (tagName === 'td' || tagName === 'th') rows.at(-1)?.push(this.#cellText());
    else if (tagName === 'caption') this.#writer.add('paragraph', this.#cellText());
    else if (tagName === 'table') {
      this.#rows = null;
      this.#inline = [];
      const lines = rows
        .filter((cells) => cells.some((cell) => cell !== ''))
        .map((cells) => cells.join(' | '));
      this.#writer.add('table', lines.join('\n'));
    } else this.#inline.push(' ');
    return true;
  }

  #cellText(): string {
    const text = this.#inline.join('').replace(/\s+/g, ' ').trim();
    this.#inline = [];
    return text;
  }

  #writeProse(text: string): void {
    if (text === '') return;
    if (this.#items.length > 0) this.#writeItem(text);
    else if (this.#headingLevel > 0 && this.#quoteDepth === 0) {
      const heading = text.replace(/\s+/g, ' ').replace(/\s*[¶#§]$/, '');
      this.#writer.add('heading', heading, { level: this.#headingLevel });
    } else if (this.#definitionDepth > 0) this.#writer.add('list_item', text, { indent: 2 });
    else this.#writer.add(this.#quoteDepth > 0 ? 'quote' : this.#plain, text);
  }

  /** The first block of an item carries its marker; the blocks after it are indented like its text. */
  #writeItem(text: string): void {
    const last = this.#items.length - 1;
    const marker = this.#items[last] ?? '';
    const indent = Math.min(last * 2 + (marker === '' ? 2 : 0), MAX_INDENT);
    this.#writer.add('list_item', marker + text, { indent });
    this.#items[last] = '';
  }
}

function isHeading(tagName: string): boolean {
  return tagName.length === 2 && tagName >= 'h1' && tagName <= 'h6';
}

/** Whether a table arranges a page: it holds headings, lists, code or another table. */
function isLayoutTable(table: HtmlElement): boolean {
  let left = LAYOUT_SCAN;
  let isLayout = false;
  walkHtml(table, {
    text: () => {},
    enter: ({ tagName }) => {
      isLayout ||= LAYOUT_TAGS.has(tagName);
      return !isLayout && left-- > 0;
    },
    leave: () => {},
  });
  return isLayout;
}
