import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Placed {
  readonly title: string;
  readonly uri: string | null;
  readonly heading_path: readonly string[];
  readonly page: number | null;
}

/** Where a passage comes from, in one line that a person can open: path or address, headings, page. */
export function placeOf({ title, uri, heading_path: headings, page }: Placed): string {
  const names = [title, ...headings.filter((heading) => heading !== title)].join(' › ');
  const parts = [names, page === null ? '' : `page ${page}`, uri === null ? '' : openable(uri)];
  return parts
    .filter((part) => part !== '')
    .join(' — ')
    .replaceAll(/\s+/g, ' ');
}

function openable(uri: string): string {
  if (!uri.startsWith('file://')) return uri;
  const path = fileURLToPath(uri);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
