import type { ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { readFrontMatter } from './front-matter.ts';
import { markdownDocument } from './markdown.ts';
import { markdownSyntax } from './markdown-syntax.ts';
import { withoutJsx } from './mdx-jsx.ts';
import { mdxSegments } from './mdx-segments.ts';
import { singleDocument } from './single-document.ts';

const syntax = markdownSyntax({ indentedCode: false });

/** Markdown with JSX: modules, comments and tags are dropped, the text inside of components stays. */
export const mdxParser: Parser = {
  format: 'mdx',
  extensions: ['mdx'],
  mediaTypes: ['text/mdx'],
  parse: ({ text, name }) => singleDocument(parseMdx(text), name),
};

export function parseMdx(text: string): ParsedDocument {
  const head = readFrontMatter(text);
  const segments = mdxSegments(text.slice(head.bodyStart));
  const markdown = segments.map(({ isCode, text: part }) => (isCode ? part : withoutJsx(part))).join('\n');
  return markdownDocument(markdown, { head, syntax });
}
