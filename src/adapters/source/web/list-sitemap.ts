import { HoldfastError } from '../../../core/errors.ts';
import type { SourceItem } from '../../../core/ingest/source.ts';
import { checkedUrl } from './checked-url.ts';
import { MAX_SITEMAP_BYTES, readSitemap } from './read-sitemap.ts';
import { leftOut, visit, type SiteRun } from './site-run.ts';
import { isInScope } from './site-root.ts';
import { pageProblem } from './url.ts';
import { statusError } from './visit-page.ts';

/** Of an index; the protocol allows 50,000 of them, each with as many pages. */
const MAX_SITEMAPS = 1000;

/**
 * The pages that a sitemap names, in its order. A sitemap that cannot be read ends the listing with its error: whoever
 * went on would take its pages for deleted.
 */
export async function* listSitemap(run: SiteRun): AsyncGenerator<SourceItem> {
  const pages = await pagesOf(run);
  const seen = new Set<string>();
  let visited = 0;
  for (const [index, url] of pages.entries()) {
    run.signal.throwIfAborted();
    if (visited === run.root.maxPages) {
      yield leftOut(url, pages.length - index, run.root.maxPages);
      return;
    }
    const elsewhere = outOfScope(url, run);
    if (elsewhere !== null) {
      yield elsewhere;
      continue;
    }
    if (seen.has(url)) continue;
    seen.add(url);
    visited++;
    const { item } = await visit(url, run, seen);
    if (item !== null) yield item;
  }
}

function outOfScope(url: string, { scope, root }: SiteRun): SourceItem | null {
  if (isInScope(url, scope)) return null;
  const what = `${url} is outside of ${scope}/, which the sitemap ${root.url} speaks for`;
  return pageProblem(url, new HoldfastError('url_out_of_scope', what), 'skipped');
}

async function pagesOf(run: SiteRun): Promise<readonly string[]> {
  const first = await fetchSitemap(run.root.url, run);
  const pages = new Set<string>();
  const sitemaps = first.kind === 'index' ? first.locations : [];
  if (sitemaps.length > MAX_SITEMAPS)
    throw new HoldfastError('site_too_large', `${run.root.url} lists ${sitemaps.length} sitemaps`);
  if (first.kind === 'pages') addAll(pages, first.locations);
  for (const url of sitemaps) {
    const part = await fetchSitemap(checkedUrl(url).href, run);
    if (part.kind === 'index')
      throw new HoldfastError('url_malformed', `${url} is an index of sitemaps within an index`);
    addAll(pages, part.locations);
  }
  return [...pages];
}

function addAll(pages: Set<string>, locations: readonly string[]): void {
  for (const location of locations) {
    const url = URL.parse(location);
    if (url === null) continue;
    url.hash = '';
    pages.add(url.href);
  }
}

async function fetchSitemap(url: string, { dependencies, signal }: SiteRun) {
  const request = { url, maxBytes: MAX_SITEMAP_BYTES, isDocument: false };
  const answer = await dependencies.fetch(request, signal);
  if (answer.kind !== 'fetched') throw statusError(answer);
  return readSitemap(answer.bytes, url);
}
