import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Placed {
  readonly title: string;
  readonly uri: string | null;
  readonly heading_path: readonly string[];
  readonly page: number | null;
  readonly lines: { readonly start: number; readonly end: number } | null;
}

/** Where a passage comes from, in one line that a person can open: path or address, headings, page or lines. */
export function placeOf({ title, uri, heading_path: headings, page, lines }: Placed): string {
  const names = [title, ...headings.filter((heading) => heading !== title)].join(' › ');
  const where = page === null ? linesText(lines) : `page ${page}`;
  const parts = [names, where, uri === null ? '' : openable(uri)];
  return parts
    .filter((part) => part !== '')
    .join(' — ')
    .replaceAll(/\s+/g, ' ');
}

function linesText(lines: Placed['lines']): string {
  if (lines === null) return '';
  return lines.start === lines.end ? `line ${lines.start}` : `lines ${lines.start} to ${lines.end}`;
}

function openable(uri: string): string {
  if (!uri.startsWith('file://')) return uri;
  const path = fileURLToPath(uri);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
