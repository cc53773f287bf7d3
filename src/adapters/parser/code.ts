import type { Block, ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { CODE_EXTENSIONS, grammarOf, type CodeGrammar } from './code/grammar.ts';
import { endOfHtml } from './code/lexis.ts';
import { maskCode } from './code/mask.ts';
import type { Definition } from './code/definition.ts';
import { outlineOf } from './code/outline.ts';
import { extensionOf } from './code-files.ts';
import { detectLanguage } from '../../engine/analysis/detect-language.ts';
import { singleDocument } from './single-document.ts';
import { paragraphs, parseText } from './text.ts';

/** Source code that is cut by definitions: each is a section under its name, and the text stays as it is. */
export const codeParser: Parser = {
  format: 'code',
  extensions: CODE_EXTENSIONS,
  mediaTypes: ['text/javascript', 'application/javascript', 'text/x-python', 'application/sql'],
  parse: ({ text, name }) => singleDocument(parseCode(text, name), name),
};

/** Identifiers and keywords are English where the comments are too few to tell. */
const DEFAULT_LANGUAGE = 'en';
const MIN_COMMENT_CHARS = 200;
/** A shorter definition stays with what stands around it. */
const MIN_LINES = 4;
const BARE_CHARS = 80;
const NEWLINE = 10;

function parseCode(text: string, name: string): ParsedDocument {
  const grammar = grammarOf(extensionOf(name)) ?? grammarOf(interpreterOf(text) ?? '');
  const base = { recordKey: null, title: null, uri: null, metadata: {} };
  if (grammar === null) return { ...base, ...parseText(text, name), language: null };
  const start = extensionOf(name) === 'php' ? endOfHtml(text, 0) : 0;
  const masked = maskCode(text.slice(start), grammar.lexis);
  const code = text.slice(0, start).replaceAll(/[^\n]/g, ' ') + masked.code;
  const writer = new CodeBlocks(text, code);
  writer.write(definitions(text, code, grammar));
  const { comments } = masked;
  const language = comments.length < MIN_COMMENT_CHARS ? null : detectLanguage(comments);
  return { ...base, text, blocks: writer.blocks, language: language ?? DEFAULT_LANGUAGE };
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  sh: 'sh',
  bash: 'sh',
  zsh: 'sh',
  dash: 'sh',
  node: 'js',
  python: 'py',
  ruby: 'rb',
  php: 'php',
};

/** The extension that a script without one would have, by its first line; null when it names no known interpreter. */
export function interpreterOf(text: string): string | null {
  const name = /^#![^\n]{0,100}?\b(sh|bash|zsh|dash|node|python|ruby|php)[\d.]*(?:\s|$)/.exec(text)?.[1];
  return name === undefined ? null : (INTERPRETERS[name] ?? null);
}

/** With the comments and attributes above them, and without those too short to stand alone. */
function definitions(text: string, code: string, grammar: CodeGrammar): readonly Definition[] {
  const fit = (all: readonly Definition[], from: number): Definition[] => {
    let floor = from;
    const fitted: Definition[] = [];
    for (const { name, start, end, members } of all) {
      const first = withLeadingLines({ text, code }, start, floor);
      if (!hasLines(text, first, end)) continue;
      fitted.push({ name, start: first, end, members: fit(members, start) });
      floor = end;
    }
    return fitted;
  };
  return fit(outlineOf(code, grammar), 0);
}

/** Lines longer than this were written by no person: nothing on them belongs to what comes below. */
const LINE_CHARS = 1000;

/** The start of the comments, decorators and attributes that stand right above a definition. */
function withLeadingLines(
  { text, code }: { readonly text: string; readonly code: string },
  start: number,
  floor: number,
): number {
  let first = lineStart(text, start);
  if (first === null || first < floor || code.slice(first, start).trim() !== '') return start;
  while (first > floor) {
    const above = lineStart(text, first - 1);
    if (above === null || above < floor) break;
    const line = text.slice(above, first).trim();
    const isComment = line !== '' && code.slice(above, first).trim() === '';
    if (!isComment && !/^(?:@|#?!?\[.*\]$)/.test(line)) break;
    first = above;
  }
  return first;
}

/** Null when the line is very long. */
function lineStart(text: string, at: number): number | null {
  const from = Math.max(0, at - LINE_CHARS);
  const newline = text.slice(from, at).lastIndexOf('\n');
  if (newline >= 0) return from + newline + 1;
  return from === 0 ? 0 : null;
}

function hasLines(text: string, start: number, end: number): boolean {
  let count = 1;
  for (let at = start; at < end && count < MIN_LINES; at++) if (text.charCodeAt(at) === NEWLINE) count++;
  return count >= MIN_LINES;
}

interface Container {
  readonly name: string;
  readonly level: number;
  readonly start: number;
  readonly end: number;
}

/** Writes a block per definition, and the code between them by paragraphs. */
class CodeBlocks {
  readonly blocks: Block[] = [];
  readonly #text: string;
  readonly #code: string;

  constructor(text: string, code: string) {
    this.#text = text;
    this.#code = code;
  }

  write(all: readonly Definition[]): void {
    this.#container(all, { name: '', level: 0, start: 0, end: this.#text.length });
  }

  /** The depth is that of containers, which is bounded. */
  #container(members: readonly Definition[], container: Container): void {
    let from = container.start;
    let isBelow = false;
    for (const { name, start, end, members: inner } of members) {
      this.#between(from, start, isBelow ? container : null);
      const level = container.level + 1;
      this.#heading(name, level, start);
      if (inner.length > 0) this.#container(inner, { name, level, start, end });
      else this.#block(start, end);
      from = end;
      isBelow = true;
    }
    this.#between(from, container.end, isBelow ? container : null);
  }

  /** Code between definitions. `back` names the section that it goes back to. */
  #between(from: number, to: number, back: Container | null): void {
    const last = this.blocks.at(-1);
    if (last?.kind === 'code' && this.#isBare(from, to)) {
      const end = from + this.#text.slice(from, to).trimEnd().length;
      if (end > from) this.blocks[this.blocks.length - 1] = { ...last, end };
      return;
    }
    let isFirst = true;
    for (const { start, end } of paragraphs(this.#text, from, to)) {
      if (isFirst && back !== null) this.#heading(back.name, Math.max(1, back.level), start);
      isFirst = false;
      this.#block(start, end);
    }
  }

  /** Nothing but signs that close what stood before. */
  #isBare(from: number, to: number): boolean {
    const text = this.#text.slice(from, to).trim();
    if (text === '') return true;
    const code = this.#code.slice(from, to).trim();
    return text.length <= BARE_CHARS && code !== '' && /^(?:[\s{}()[\];,]|\bend\b)*$/.test(code);
  }

  #heading(label: string, level: number, at: number): void {
    this.blocks.push({ kind: 'heading', level, start: at, end: at, label });
  }

  #block(start: number, end: number): void {
    const last = this.#text.slice(start, end).trimEnd().length;
    if (last > 0) this.blocks.push({ kind: 'code', level: 0, start, end: start + last });
  }
}
