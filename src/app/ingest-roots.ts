import { resolve } from 'node:path';
import { checkedUrl } from '../adapters/source/web/checked-url.ts';
import { siteRootText } from '../adapters/source/web/site-root.ts';
import type { IngestRequest, WebRequest } from '../core/documents/library.ts';

const MAX_DEPTH = 20;

/**
 * A request as its source takes it: one name per file, for a slash at the end must not make it another one, and web
 * pages as roots. @throws HoldfastError `url_invalid`.
 */
export function withRoots({ web, ...request }: IngestRequest, maxPages: number): IngestRequest {
  if (web !== undefined) return { ...request, ...rootsOf(web, maxPages) };
  const { within } = request;
  return {
    ...request,
    paths: request.paths.map((path) => resolve(path)),
    ...(within === undefined ? {} : { within: resolve(within) }),
  };
}

function rootsOf(web: WebRequest, maxPages: number): Pick<IngestRequest, 'paths' | 'origin'> {
  if (web.kind === 'urls')
    return { origin: 'url', paths: [...new Set(web.urls.map((url) => checkedUrl(url).href))] };
  const limits = {
    url: web.url,
    maxPages: Math.min(web.maxPages ?? maxPages, maxPages),
  };
  const root =
    web.kind === 'crawl'
      ? { ...limits, kind: web.kind, maxDepth: Math.min(web.maxDepth ?? MAX_DEPTH, MAX_DEPTH) }
      : { ...limits, kind: web.kind };
  return { origin: 'site', paths: [siteRootText(root)] };
}
