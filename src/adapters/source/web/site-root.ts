import { checkedUrl } from './checked-url.ts';
import { HoldfastError } from '../../../core/errors.ts';

/** Where the pages of a site are found: by its own list, or by following its links. */
export type SiteRoot =
  | { readonly kind: 'sitemap'; readonly url: string; readonly maxPages: number }
  | { readonly kind: 'crawl'; readonly url: string; readonly maxPages: number; readonly maxDepth: number };

/** A root as one string, as jobs keep it: the URL, and the rest in a fragment, which no server ever sees. */
export function siteRootText(root: SiteRoot): string {
  const depth = root.kind === 'crawl' ? `&depth=${root.maxDepth}` : '';
  return `${checkedUrl(root.url).href}#${root.kind}&pages=${root.maxPages}${depth}`;
}

/** @throws HoldfastError `url_invalid` when `siteRootText` has not made it. */
export function readSiteRoot(text: string): SiteRoot {
  const match = /^([^#]+)#(sitemap|crawl)&pages=(\d+)(?:&depth=(\d+))?$/.exec(text);
  const [, url, kind, pages, depth] = match ?? [];
  if (url === undefined) throw new HoldfastError('url_invalid', `${text} names no sitemap and no crawl`);
  const maxPages = Number(pages);
  return kind === 'crawl'
    ? { kind, url, maxPages, maxDepth: Number(depth ?? 0) }
    : { kind: 'sitemap', url, maxPages };
}

/**
 * The folder that the URL is in, without the slash at its end: what a site root speaks for. A sitemap may list pages
 * of its own folder only (sitemaps.org, "Sitemap file location"); a crawl follows links within it.
 */
export function siteScope(url: string): string {
  const { origin, pathname } = checkedUrl(url);
  return `${origin}${pathname.slice(0, pathname.lastIndexOf('/'))}`;
}

export function isInScope(url: string, scope: string): boolean {
  return url.startsWith(`${scope}/`);
}
