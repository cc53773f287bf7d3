import type { Span } from '../documents/document.ts';

/** A line of a passage without its line end and trailing white space. */
export interface Line extends Span {
  /** Where its words start: after white space and the mark of a list item or quote. */
  readonly content: number;
  /** White space before the first character. */
  readonly indent: number;
  readonly isBlank: boolean;
  readonly isItem: boolean;
  readonly isRow: boolean;
  readonly isCode: boolean;
  /** Starts with a bracket that closes. */
  readonly isCloser: boolean;
}

const ITEM = /^\s*(?:[-*+•·]|\(?(?:\d{1,3}|[a-z])[.)])\s+(?=\S)/;
const CODE_SIGNS: readonly RegExp[] = [
  /[;{}\\]\s*$/,
  /^\s*--?[a-z][\w-]*(?:[ =]|$)/,
  /^\s*(?:\/\/|\/\*|\*\/|#include|#\[|#!|@\w|def |import \w|from \S+ import|return\b.*[()\w]$|fn |func |function |class \w+.*[:{(]$|const |let |var |pub |use \w+::|package |public |private |static |export )/,
  /^\s{2,}\S.*[=()[\]{}<>:,]/,
  /^\s*[$>] \S/,
  /^\s*"[^"]+"\s*:/,
  /^\s*[\w.[\]]+\s*(?::=|[-+*/|]?=)\s*\S/,
  /^\s*[\w.:]+\([^)]*\)[;,]?\s*$/,
  /^\s*<\/?[\w-]+[^>]*>/,
  /^[a-z][\w./-]*(?: \S+)* --?[a-z]/,
  /^\s*[})\]]+[;,)]*\s*$/,
];

export function textLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf('\n', start);
    const border = newline < 0 ? text.length : newline;
    lines.push(readLine(text.slice(start, border), start));
    start = border + 1;
  }
  return lines;
}

function readLine(line: string, start: number): Line {
  const trimmed = line.trimEnd();
  const marker = ITEM.exec(trimmed)?.[0];
  const indent = trimmed.length - trimmed.trimStart().length;
  return {
    start,
    end: start + trimmed.length,
    content: start + (marker?.length ?? indent),
    indent,
    isBlank: trimmed === '',
    isItem: marker !== undefined,
    isRow: trimmed.includes(' | '),
    isCode: marker === undefined && CODE_SIGNS.some((sign) => sign.test(trimmed)),
    isCloser: /^\s*[)\]}]/.test(trimmed),
  };
}
