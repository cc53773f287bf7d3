import createMarkdownIt, { type MarkdownIt, type StateBlock, type Token } from 'markdown-it';

/** Lists and quotes deeper than this are read as plain paragraphs, so that the parser can't overflow the stack. */
const MAX_DEPTH = 48;

export interface MarkdownSyntaxOptions {
  /** Whether four spaces make a code block (they don't in MDX). */
  readonly indentedCode: boolean;
}

/** Markdown split into blocks; inline markup is left in the `inline` tokens for `inlineText`. */
export interface MarkdownSyntax {
  blocks(text: string): readonly Token[];
  inline(content: string): readonly Token[];
}

/** CommonMark with tables, strikethrough and raw HTML. */
export function markdownSyntax(options: MarkdownSyntaxOptions): MarkdownSyntax {
  const markdown = createMarkdownIt('default', { html: true, maxNesting: MAX_DEPTH * 4 });
  markdown.core.ruler.disable([
    'inline',
    'linkify',
    'replacements',
    'smartquotes',
    'text_join',
    'strip_references',
  ]);
  markdown.inline.ruler.disable('linkify');
  if (!options.indentedCode) markdown.block.ruler.disable('code');
  markdown.block.ruler.before('table', 'depth_limit', depthLimit);
  return withReferences(markdown);
}

/** Reference definitions of the blocks are known to the inline parser through the shared environment. */
function withReferences(markdown: MarkdownIt): MarkdownSyntax {
  let environment = {};
  return {
    blocks(text) {
      environment = {};
      return markdown.parse(text, environment);
    },
    inline(content) {
      const tokens: Token[] = [];
      markdown.inline.parse(content, markdown, environment, tokens);
      return tokens;
    },
  };
}

/** Takes everything that is nested too deep as one paragraph. */
function depthLimit(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (state.level < MAX_DEPTH || silent) return false;
  let next = startLine + 1;
  while (next < endLine && (state.isEmpty(next) || (state.sCount[next] ?? 0) >= state.blkIndent)) next++;
  state.push('paragraph_open', 'p', 1);
  const inline = state.push('inline', '', 0);
  inline.content = state.getLines(startLine, next, state.blkIndent, false).replace(/^[>\s]+/, '');
  state.push('paragraph_close', 'p', -1);
  state.line = next;
  return true;
}
