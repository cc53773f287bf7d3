import { HoldfastError } from '../../../core/errors.ts';
import type { SourceItem } from '../../../core/ingest/source.ts';
import type { KnownPage } from './page-memory.ts';
import { isInScope, type SiteRoot } from './site-root.ts';
import { pageItem, pageProblem } from './url.ts';
import { visitPage, type VisitDependencies } from './visit-page.ts';

/** One run over a site. */
export interface SiteRun {
  readonly root: SiteRoot;
  readonly scope: string;
  readonly dependencies: VisitDependencies;
  readonly signal: AbortSignal;
}

export interface Visited {
  /** What the page is in the collection; null when it is gone, leads elsewhere, or asks to be left out. */
  readonly item: SourceItem | null;
  /** Null when it could not be seen. */
  readonly page: KnownPage | null;
  readonly error: HoldfastError | null;
}

/** Visits one page of a site. A page that cannot be had is that page's problem: the others go on. */
export async function visit(
  url: string,
  { scope, dependencies, signal }: SiteRun,
  seen: Set<string>,
): Promise<Visited> {
  try {
    const page = await visitPage(url, dependencies, signal);
    if (page === null) return { item: null, page, error: null };
    const isNew = page.finalUrl === url || !seen.has(page.finalUrl);
    seen.add(page.finalUrl);
    const isTaken = isNew && page.isIndexed && isInScope(page.finalUrl, scope);
    return { item: isTaken ? pageItem(page.finalUrl, page, scope) : null, page, error: null };
  } catch (error) {
    if (!(error instanceof HoldfastError) || signal.aborted) throw error;
    const state = error.code === 'url_robots' || error.code === 'url_content_type' ? 'skipped' : 'failed';
    return { item: pageProblem(url, error, state), page: null, error };
  }
}

/** Says what a limit has left out, at the first page of it. */
export function leftOut(url: string, count: number, maxPages: number): SourceItem {
  const what = `the limit of ${maxPages} pages is reached; this page and ${count - 1} more are left out`;
  return pageProblem(url, new HoldfastError('site_too_large', `${url}: ${what}`), 'skipped');
}
