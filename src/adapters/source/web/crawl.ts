import { HoldfastError } from '../../../core/errors.ts';
import type { SourceItem } from '../../../core/ingest/source.ts';
import { checkedUrl } from './checked-url.ts';
import { leftOut, visit, type SiteRun } from './site-run.ts';
import { isInScope, type SiteRoot } from './site-root.ts';

type CrawlRun = SiteRun & { readonly root: Extract<SiteRoot, { kind: 'crawl' }> };

/**
 * Follows links breadth first from the start page, within its folder. When a page cannot be had, the links that it had
 * the last time are followed, so that a fault of one page does not look like the end of those behind it.
 */
export async function* crawl(run: CrawlRun): AsyncGenerator<SourceItem> {
  const { root, scope, dependencies, signal } = run;
  const start = checkedUrl(root.url).href;
  const seen = new Set([start]);
  let level = [start];
  let visited = 0;
  for (let depth = 0; depth <= root.maxDepth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const [index, url] of level.entries()) {
      signal.throwIfAborted();
      if (visited === root.maxPages) {
        yield leftOut(url, level.length - index + next.length, root.maxPages);
        return;
      }
      visited++;
      const { item, page, error } = await visit(url, run, seen);
      if (url === start) requireStart(start, { isThere: page !== null, error });
      if (item !== null) yield item;
      const links = (page ?? dependencies.memory.get(url))?.links ?? [];
      for (const link of links) {
        if (seen.has(link) || !isInScope(link, scope)) continue;
        seen.add(link);
        next.push(link);
      }
    }
    level = next;
  }
}

function requireStart(
  start: string,
  { isThere, error }: { readonly isThere: boolean; readonly error: HoldfastError | null },
): void {
  if (error !== null) throw error;
  if (!isThere) throw new HoldfastError('url_status', `${start} is not there (status 404 or 410)`);
}
