import type { Block, BlockKind, ParsedDocument } from '../../core/documents/document.ts';

/** Where and how a block is written. */
export interface BlockOptions {
  /** Heading level 1 to 6; 0 otherwise. */
  readonly level?: number;
  /** Spaces before the block, outside of its span (nested list items). */
  readonly indent?: number;
  /** Page in the original, from 1. */
  readonly page?: number;
}

/** A longer heading is body text that was marked by mistake. */
const MAX_HEADING = 1000;

/** Builds a document's plain text and its blocks side by side, so that every span is exact. */
export class BlockWriter {
  readonly #parts: string[] = [];
  readonly #blocks: Block[] = [];
  #length = 0;

  /** Appends a block, trimmed of blank lines (code) or white space (all else); an empty one is left out. */
  add(kind: BlockKind, content: string, options: BlockOptions = {}): void {
    const text = kind === 'code' || kind === 'table' ? trimBlankLines(content) : content.trim();
    if (text === '') return;
    if (kind === 'heading' && text.length > MAX_HEADING) return this.add('paragraph', text);
    this.#separate(kind, options.indent ?? 0);
    const start = this.#length;
    this.#append(text);
    const block = { kind, level: options.level ?? 0, start, end: this.#length };
    this.#blocks.push(options.page === undefined ? block : { ...block, page: options.page });
  }

  /** Opens a section under a name that is not in the text, such as a range of times. */
  open(label: string, level = 1): void {
    this.#blocks.push({ kind: 'heading', level, start: this.#length, end: this.#length, label });
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /** The text and blocks written so far. */
  finish(): Pick<ParsedDocument, 'text' | 'blocks'> {
    return { text: this.#parts.join(''), blocks: this.#blocks };
  }

  #separate(kind: BlockKind, indent: number): void {
    const previous = this.#blocks.findLast(({ label }) => label === undefined)?.kind;
    if (previous !== undefined)
      this.#append(kind === 'list_item' && previous === 'list_item' ? '\n' : '\n\n');
    if (indent > 0) this.#append(' '.repeat(indent));
  }

  #append(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }
}

/** Without leading blank lines and trailing white space; the first line keeps its indentation. */
function trimBlankLines(text: string): string {
  const end = text.trimEnd();
  const first = end.search(/\S/);
  return first <= 0 ? end : end.slice(end.lastIndexOf('\n', first) + 1);
}
