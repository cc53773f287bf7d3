import type { Source } from '../../../core/ingest/source.ts';
import { crawl } from './crawl.ts';
import { listSitemap } from './list-sitemap.ts';
import { politeFetch, type Politeness } from './polite-fetch.ts';
import { readSiteRoot, siteScope } from './site-root.ts';
import { readPage, type VisitDependencies } from './visit-page.ts';

export type SiteDependencies = VisitDependencies & Omit<Politeness, 'fetch'>;

/**
 * The pages of a site, by its sitemap or by following its links. Every page is asked for while it is listed, one after
 * the other, at the pace that the site allows; what a server says is gone is left out, so it goes from the collection.
 */
export function siteSource(dependencies: SiteDependencies): Source {
  return {
    scopeOf: (text) => ({ prefix: siteScope(readSiteRoot(text).url), isSingle: false }),
    async *list(text, signal) {
      const root = readSiteRoot(text);
      const fetch = politeFetch(dependencies);
      const { memory, maxBytes } = dependencies;
      const scope = siteScope(root.url);
      const run = { root, scope, dependencies: { fetch, memory, maxBytes }, signal };
      yield* root.kind === 'crawl' ? crawl({ ...run, root }) : listSitemap({ ...run, root });
    },
    async read(item, maxBytes) {
      const limits = { ...dependencies, maxBytes: Math.min(maxBytes, dependencies.maxBytes) };
      return readPage(item, limits, new AbortController().signal);
    },
  };
}
