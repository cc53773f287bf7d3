import type { Token } from 'markdown-it';
import type { MarkdownSyntax } from './markdown-syntax.ts';

/** Longer runs of inline text are parsed in pieces: inline parsing is not linear on hostile input. */
const MAX_PIECE = 8_192;
const MAX_BRACKET_DEPTH = 32;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;
const MARKUP = /[\\`*_~!<&[\]\n]/;

/** The text of inline Markdown: no emphasis, links and images as their text, no tags, entities decoded. */
export function inlineText(content: string, syntax: MarkdownSyntax): string {
  if (!MARKUP.test(content)) return content;
  const parts: string[] = [];
  for (const piece of pieces(content)) {
    if (hasHostileBrackets(piece)) parts.push(piece);
    else appendTokens(parts, syntax.inline(piece));
  }
  return parts.join('');
}

/** Brackets nested deep or left open in masses: the link parser is quadratic in them. */
function hasHostileBrackets(piece: string): boolean {
  let depth = 0;
  for (let at = piece.indexOf('['); at >= 0 && at < piece.length; at++) {
    const code = piece.charCodeAt(at);
    if (code === OPENING_BRACKET && ++depth > MAX_BRACKET_DEPTH) return true;
    if (code === CLOSING_BRACKET && depth > 0) depth--;
  }
  return false;
}

function* pieces(content: string): Generator<string> {
  let from = 0;
  while (content.length - from > MAX_PIECE) {
    const cut = cutBefore(content, from + MAX_PIECE, from + MAX_PIECE / 2);
    yield content.slice(from, cut);
    from = cut;
  }
  yield content.slice(from);
}

/** The last line end or space in a range, else its end without cutting a surrogate pair. */
function cutBefore(content: string, end: number, start: number): number {
  const space = Math.max(content.lastIndexOf('\n', end), content.lastIndexOf(' ', end));
  if (space >= start) return space;
  const code = content.charCodeAt(end);
  return code >= 0xdc00 && code < 0xe000 ? end - 1 : end;
}

function appendTokens(parts: string[], tokens: readonly Token[]): void {
  for (const token of tokens) {
    if (token.type === 'softbreak') appendSoftBreak(parts);
    else if (token.type === 'hardbreak') parts.push('\n');
    else if (token.type === 'html_inline') parts.push(/^<br\b/i.test(token.content) ? '\n' : '');
    else if (token.type === 'image') appendTokens(parts, token.children ?? []);
    else if (token.content !== '') parts.push(token.content);
  }
}

/** A line end inside a paragraph is a space, but not between characters of scripts without spaces. */
function appendSoftBreak(parts: string[]): void {
  const last = parts.at(-1)?.at(-1) ?? '';
  parts.push(/[\u3000-\u9fff\uff00-\uffef]/.test(last) ? '' : ' ');
}
