import type { Block, BlockKind, ParsedDocument, Span } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { textKindOf } from './code-files.ts';
import { singleDocument } from './single-document.ts';

/** Plain text and source code: the text stays as it is, and blank lines separate its blocks. */
export const textParser: Parser = {
  format: 'text',
  extensions: ['txt', 'text', 'log'],
  mediaTypes: ['text/plain'],
  parse: ({ text, name }) =>
    singleDocument(
      { recordKey: null, title: null, uri: null, ...parseText(text, name), metadata: {}, language: null },
      name,
    ),
};

const KIND = { code: 'code', prose: 'paragraph', table: 'table' } as const;

/** The text itself with a block per paragraph; source code (told by the name) becomes code blocks. */
export function parseText(text: string, name = ''): Pick<ParsedDocument, 'text' | 'blocks'> {
  const named = textKindOf(name);
  const detect = named === null ? proseOrCode : () => KIND[named];
  const blocks: Block[] = [];
  for (const { start, end } of paragraphs(text))
    blocks.push({ kind: detect(text, start, end), level: 0, start, end });
  return { text, blocks };
}

/** Of a text whose name says nothing (a record, a paste): code when most lines look like statements. */
function proseOrCode(text: string, start: number, end: number): BlockKind {
  const lines = text.slice(start, Math.min(end, start + 2000)).split('\n');
  if (lines.length < 2) return 'paragraph';
  const codeLines = lines.filter((line) =>
    /[;{}]\s*$|^\s{2,}\S.*[=()]|^\s*(?:\/\/|#include|def |import |return )/.test(line),
  );
  return codeLines.length > lines.length * 0.5 ? 'code' : 'paragraph';
}

/** The runs of lines between blank lines of a part of a text. Looks at nothing outside of it. */
export function* paragraphs(text: string, start = 0, end = text.length): Generator<Span> {
  const part = start === 0 && end === text.length ? text : text.slice(start, end);
  const breaks = /\n[^\S\n]*\n\s*/g;
  let from = 0;
  for (let match = breaks.exec(part); match !== null; match = breaks.exec(part)) {
    yield* trimmedLines(part, { from, to: match.index, offset: start });
    from = part.lastIndexOf('\n', breaks.lastIndex - 1) + 1;
  }
  yield* trimmedLines(part, { from, to: part.length, offset: start });
}

/** The range without leading blank lines and trailing white space, keeping the first line's indentation. */
function* trimmedLines(
  text: string,
  { from, to, offset }: { readonly from: number; readonly to: number; readonly offset: number },
): Generator<Span> {
  let first = from;
  while (first < to && isSpace(text, first)) first++;
  if (first === to) return;
  let end = to;
  while (isSpace(text, end - 1)) end--;
  yield { start: offset + Math.max(from, text.lastIndexOf('\n', first) + 1), end: offset + end };
}

function isSpace(text: string, at: number): boolean {
  return text.charAt(at).trim() === '';
}
