import type { ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { BlockWriter } from './block-writer.ts';
import { flatMetadata, languageCode } from './front-matter.ts';
import { readExplicitMarkup } from './rst-directives.ts';
import { rstInline } from './rst-inline.ts';
import { dedented, indentOf, RstLines } from './rst-lines.ts';
import { gridTableRows, simpleTableRows } from './rst-tables.ts';
import { singleDocument } from './single-document.ts';

/** reStructuredText as Sphinx and docutils read it, without running any directive. */
export const rstParser: Parser = {
  format: 'rst',
  extensions: ['rst', 'rest'],
  mediaTypes: ['text/x-rst', 'text/prs.fallenstein.rst'],
  parse: ({ text, name }) => singleDocument(parseRst(text), name),
};

export function parseRst(text: string): ParsedDocument {
  const reader = new RstReader(text);
  const { title, facts, writer } = reader.read();
  const language = languageCode(facts.get('language') ?? facts.get('lang'));
  const metadata = flatMetadata(facts);
  return { recordKey: null, title, uri: null, ...writer.finish(), metadata, language };
}

const ADORNMENT = /^([!-/:-@[-`{-~])\1{2,}$/;
const GRID_BORDER = /^\s*\+(?:[-=]+\+)+$/;
const SIMPLE_BORDER = /^\s*=+(?:\s+=+)+$/;
const ITEM = /^(\s*)([-*+•‣]|(?:\d{1,4}|#)[.)]|\(\d{1,4}\))\s+(\S.*)$/;
const FIELD = /^\s*:([A-Za-z][^:`\n]{0,80}):(?:\s+(.*))?$/;

class RstReader {
  readonly writer = new BlockWriter();
  readonly facts = new Map<string, string>();
  title: string | null = null;
  readonly #lines: RstLines;
  readonly #styles: string[] = [];
  /** Column of the text of the last list item; deeper paragraphs belong to it. */
  #itemIndent = Infinity;

  constructor(text: string) {
    this.#lines = new RstLines(text);
  }

  read(): this {
    for (this.#lines.skipBlank(); !this.#lines.isAtEnd; this.#lines.skipBlank()) this.#block();
    return this;
  }

  #block(): void {
    const line = this.#lines.line();
    if (this.#heading() || this.#table(line)) return;
    if (ADORNMENT.test(line) && line.length > 3) this.#lines.take();
    else if (/^\s*\.\.(?:\s|$)/.test(line)) readExplicitMarkup(this.#lines, this.writer);
    else if (line.startsWith('__ ')) this.#lines.take();
    else if (FIELD.test(line)) this.#field();
    else if (/^\s*>>> /.test(line))
      this.writer.add('code', dedented(this.#lines.takeWhile((next) => next !== '')));
    else this.#prose();
  }

  #heading(): boolean {
    const [first, second, third] = [this.#lines.line(), this.#lines.line(1), this.#lines.line(2)];
    if (ADORNMENT.test(first) && first === third && second !== '' && !ADORNMENT.test(second)) {
      this.#lines.at += 3;
      this.#addHeading(second.trim(), `${first.charAt(0)} over`);
      return true;
    }
    const isUnderline = ADORNMENT.test(second) || (second.length > 1 && /^([=~^"'-])\1$/.test(second));
    if (!isUnderline || /^\s|^\.\. /.test(first) || second.length < Math.min(first.length, 3)) return false;
    if (ADORNMENT.test(first)) return false;
    this.#lines.at += 2;
    this.#addHeading(first, second.charAt(0));
    return true;
  }

  #addHeading(source: string, style: string): void {
    if (!this.#styles.includes(style)) this.#styles.push(style);
    const level = Math.min(6, this.#styles.indexOf(style) + 1);
    const text = rstInline(source).trim();
    if (level === 1) this.title ??= text;
    this.writer.add('heading', text, { level });
    this.#itemIndent = Infinity;
  }

  #table(line: string): boolean {
    if (GRID_BORDER.test(line)) {
      this.writer.add('table', gridTableRows(this.#lines.takeWhile((next) => /^\s*[+|]/.test(next))));
      return true;
    }
    if (!SIMPLE_BORDER.test(line)) return false;
    const border = this.#lines.take();
    const rows = this.#lines.takeWhile((next) => !(SIMPLE_BORDER.test(next) && this.#lines.line(1) === ''));
    this.#lines.take();
    this.writer.add('table', simpleTableRows(border, rows));
    return true;
  }

  /** Fields before any text are facts about the document; later ones are items of a list. */
  #field(): void {
    const [, name = '', value = ''] = FIELD.exec(this.#lines.line()) ?? [];
    const indent = indentOf(this.#lines.take());
    const rest = this.#lines.takeWhile((line) => line !== '' && indentOf(line) > indent);
    const content = rstInline([value, ...rest.map((line) => line.trim())].join(' ').trim());
    const isDocinfo = this.writer.blockCount === 0 || (this.writer.blockCount === 1 && this.title !== null);
    if (isDocinfo && indent === 0) this.facts.set(name.toLowerCase(), content);
    else this.writer.add('list_item', `${rstInline(name)}: ${content}`);
  }

  #prose(): void {
    const [, space = '', marker, first = ''] = ITEM.exec(this.#lines.line()) ?? [];
    const indent = indentOf(this.#lines.line());
    const lines = this.#paragraphLines(marker !== undefined);
    if (marker === undefined) {
      const kind = indent >= this.#itemIndent ? 'list_item' : 'paragraph';
      if (kind === 'paragraph') this.#itemIndent = Infinity;
      this.#write(lines, (text) =>
        this.writer.add(kind, text, { indent: kind === 'paragraph' ? 0 : Math.min(indent, 32) }),
      );
      this.#literal(lines, indent);
      return;
    }
    this.#itemIndent = (lines[0] ?? '').length - first.length;
    const label = /^[-*+•‣]$/.test(marker) ? '- ' : `${marker.replace(/[().]/g, '')}. `;
    const body = [first, ...lines.slice(1)];
    this.#write(body, (text) =>
      this.writer.add('list_item', label + text, { indent: Math.min(space.length, 32) }),
    );
    this.#literal(lines, indent);
  }

  /** The lines up to a blank line, the next item, or a change to deeper indentation after a term. */
  #paragraphLines(isItem: boolean): string[] {
    const first = this.#lines.take();
    const indent = indentOf(first);
    if (!isItem && indentOf(this.#lines.line()) > indent) return [first];
    const rest = this.#lines.takeWhile((line) => line !== '' && !(isItem && startsAnew(line, indent)));
    return [first, ...rest];
  }

  #write(lines: readonly string[], add: (text: string) => void): void {
    const isLineBlock = lines.every((line) => /^\s*\|(?:\s|$)/.test(line));
    const source = lines
      .map((line) => (isLineBlock ? line.replace(/^\s*\|\s?/, '') : line.trim()))
      .join(isLineBlock ? '\n' : ' ');
    const text = rstInline(source.replace(/\s*::$/, (mark) => (mark.length > 2 ? '' : ':'))).trim();
    if (text !== '' && text !== ':') add(text);
  }

  /** A paragraph that ends in `::` is followed by a literal block. */
  #literal(lines: readonly string[], indent: number): void {
    if (lines.at(-1)?.endsWith('::') !== true) return;
    this.#lines.skipBlank();
    this.writer.add('code', dedented(this.#lines.takeIndented(indent)));
  }
}

function startsAnew(line: string, indent: number): boolean {
  return ITEM.test(line) || indentOf(line) < indent;
}
