import { globSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { readMarkdown, type MarkdownFile } from './markdown.ts';

export const ROOT = dirname(dirname(import.meta.dirname));

/** Our own Markdown files by path, relative to the repository and with `/`. */
export function readDocuments(): ReadonlyMap<string, MarkdownFile> {
  const names = globSync(['*.md', 'docs/**/*.md', 'model/**/*.md', 'eval/*.md', 'bench/*.md', 'load/*.md'], {
    cwd: ROOT,
  });
  return new Map(
    names
      .map((name) => name.split(sep).join('/'))
      .toSorted()
      .map((name) => [name, readMarkdown(readFileSync(join(ROOT, name), 'utf8'))]),
  );
}

/** One of them. */
export function readDocument(name: string): MarkdownFile {
  return readMarkdown(readFileSync(join(ROOT, name), 'utf8'));
}
