import type { FileParser } from '../../../core/documents/parser.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { BlockWriter } from '../block-writer.ts';
import { writeTable } from '../write-table.ts';
import { describedDocument } from './described-document.ts';
import { rtfTokens, type RtfToken } from './rtf-tokens.ts';

/** Rich text: paragraphs, headings by outline level, tables row by row. Source: Microsoft, RTF specification 1.9.1. */
export const rtfParser: FileParser = {
  format: 'rtf',
  extensions: ['rtf'],
  mediaTypes: ['application/rtf', 'text/rtf'],
  async parseFile({ bytes, name }) {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    if (!source.startsWith('{\\rtf'))
      throw new HoldfastError('document_malformed', `${name} does not begin with {\\rtf`);
    const reader = new RtfReader();
    for (const token of rtfTokens(source)) reader.take(token);
    if (!reader.isWhole)
      throw new HoldfastError('document_malformed', `${name} ends in the middle of a group`);
    const facts = { title: reader.title || null, author: reader.author || null, language: null };
    return describedDocument(facts, reader.finish(), name);
  },
};

/** Groups whose text is not in the document. */
const LEFT_OUT = new Set([
  'fonttbl',
  'colortbl',
  'stylesheet',
  'info',
  'pict',
  'object',
  'themedata',
  'colorschememapping',
  'latentstyles',
  'datastore',
  'listtable',
  'listoverridetable',
  'rsidtbl',
  'generator',
  'header',
  'headerl',
  'headerr',
  'headerf',
  'footer',
  'footerl',
  'footerr',
  'footerf',
  'fldinst',
  'xmlnstbl',
  'mmathPr',
  'listtext',
  'pntext',
  'nonshppict',
  'filetbl',
  'revtbl',
  'bkmkstart',
  'bkmkend',
  'atnid',
  'atnauthor',
  'pgdsctbl',
  'shpinst',
]);
const CHARACTERS: Readonly<Record<string, string>> = {
  tab: '\t',
  line: '\n',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: ' ',
  enspace: ' ',
  zwj: '\u200d',
  zwnj: '\u200c',
};

/** A list item in a file without lists. */
const BULLET = /^\s*[•·]\s+/;

interface Group {
  readonly isLeftOut: boolean;
  readonly target: 'text' | 'title' | 'author' | 'note';
  /** Bytes that stand in for each `\u` character. */
  readonly skip: number;
  readonly isHidden: boolean;
}

class RtfReader {
  title = '';
  author = '';
  readonly #writer = new BlockWriter();
  readonly #groups: Group[] = [];
  #group: Group = { isLeftOut: false, target: 'text', skip: 1, isHidden: false };
  #decoder = new TextDecoder('windows-1252');
  #bytes: number[] = [];
  #toSkip = 0;
  #depth = 0;
  #paragraph = '';
  #note = '';
  #level = 0;
  #isListItem = false;
  #isInTable = false;
  #row: string[] = [];
  #rows: string[][] = [];

  get isWhole(): boolean {
    return this.#depth === 0;
  }

  finish() {
    this.#endParagraph();
    this.#endTable();
    return this.#writer.finish();
  }

  take(token: RtfToken): void {
    if (token.kind === 'byte') {
      if (this.#toSkip > 0) this.#toSkip--;
      else this.#bytes.push(token.value);
      return;
    }
    this.#flush();
    if (token.kind === 'open') {
      this.#depth++;
      this.#groups.push(this.#group);
    } else if (token.kind === 'close') {
      this.#depth--;
      this.#group = this.#groups.pop() ?? this.#group;
      this.#toSkip = 0;
    } else if (token.kind === 'text') this.#text(this.#skipped(token.text));
    else this.#control(token.word, token.value);
  }

  /** Bytes of the code page, together: some are half of a character. */
  #flush(): void {
    if (this.#bytes.length === 0) return;
    this.#add(this.#decoder.decode(Uint8Array.from(this.#bytes)));
    this.#bytes = [];
  }

  #skipped(text: string): string {
    const skipped = Math.min(text.length, this.#toSkip);
    this.#toSkip -= skipped;
    return text.slice(skipped);
  }

  #text(text: string): void {
    if (text !== '') this.#add(text);
  }

  #add(text: string): void {
    const { isLeftOut, target, isHidden } = this.#group;
    if (target === 'title') this.title += text;
    else if (target === 'author') this.author += text;
    else if (target === 'note') this.#note += text;
    else if (!isLeftOut && !isHidden) this.#paragraph += text;
  }

  #control(word: string, value: number | null): void {
    if (word === 'title' || word === 'author') this.#group = { ...this.#group, target: word };
    else if (word === 'footnote') this.#group = { ...this.#group, isLeftOut: false, target: 'note' };
    else if (word === '*' || LEFT_OUT.has(word)) this.#group = { ...this.#group, isLeftOut: true };
    else if (word === 'u' && value !== null) this.#unicode(value);
    else if (word === 'uc') this.#group = { ...this.#group, skip: value ?? 1 };
    else if (word === 'v') this.#group = { ...this.#group, isHidden: value !== 0 };
    else if (word === 'ansicpg' && value !== null) this.#decoder = decoderOf(value);
    else if (!this.#group.isLeftOut) this.#format(word, value);
  }

  #unicode(value: number): void {
    this.#add(String.fromCharCode(value < 0 ? value + 65_536 : value));
    this.#toSkip = this.#group.skip;
  }

  #format(word: string, value: number | null): void {
    const character = CHARACTERS[word];
    if (character !== undefined) this.#add(character);
    else if (word === 'par' || word === 'sect' || word === 'page') this.#endParagraph();
    else if (word === 'pard') this.#startParagraph();
    else if (word === 'outlinelevel') this.#level = (value ?? 0) + 1;
    else if (word === 'ls' || word === 'pnlvlblt') this.#isListItem = true;
    else if (word === 'intbl') this.#isInTable = true;
    else if (word === 'cell') this.#endCell();
    else if (word === 'row') this.#endRow();
  }

  #startParagraph(): void {
    this.#level = 0;
    this.#isListItem = false;
    this.#isInTable = false;
  }

  #endParagraph(): void {
    if (this.#isInTable) {
      this.#paragraph += '\n';
      return;
    }
    this.#endTable();
    if (this.#group.target === 'note') {
      this.#note += '\n';
      return;
    }
    const text = this.#paragraph.toWellFormed().replace(BULLET, '');
    this.#isListItem ||= text.length < this.#paragraph.length;
    this.#paragraph = '';
    if (this.#level >= 1 && this.#level <= 6) this.#writer.add('heading', text, { level: this.#level });
    else this.#writer.add(this.#isListItem ? 'list_item' : 'paragraph', text);
    this.#writer.add('paragraph', this.#note.toWellFormed());
    this.#note = '';
  }

  #endCell(): void {
    this.#row.push(this.#paragraph.toWellFormed().trim());
    this.#paragraph = '';
  }

  #endRow(): void {
    this.#rows.push(this.#row);
    this.#row = [];
  }

  #endTable(): void {
    if (this.#rows.length === 0) return;
    writeTable(this.#rows, this.#writer);
    this.#rows = [];
  }
}

function decoderOf(codePage: number) {
  const names: Readonly<Record<number, string>> = {
    65_001: 'utf-8',
    932: 'shift_jis',
    936: 'gbk',
    949: 'euc-kr',
    950: 'big5',
    874: 'windows-874',
  };
  try {
    return new TextDecoder(names[codePage] ?? `windows-${codePage}`);
  } catch {
    // Rare code pages are read as the most common one.
    return new TextDecoder('windows-1252');
  }
}
