import { HoldfastError } from '../../../core/errors.ts';
import type { Source, SourceItem } from '../../../core/ingest/source.ts';
import type { KnownPage } from './page-memory.ts';
import { readPage, visitPage, type VisitDependencies } from './visit-page.ts';

/** One document at a URL: the root is the item. Redirects are followed, and the document keeps the URL given. */
export function urlSource(dependencies: VisitDependencies): Source {
  return {
    scopeOf: (root) => ({ prefix: root, isSingle: true }),
    async *list(root, signal) {
      try {
        const page = await visitPage(root, dependencies, signal);
        if (page === null) throw new HoldfastError('url_status', `${root} is not there (status 404 or 410)`);
        yield pageItem(root, page, root.slice(0, root.lastIndexOf('/')));
      } catch (error) {
        if (!(error instanceof HoldfastError) || signal.aborted) throw error;
        yield pageProblem(root, error, 'failed');
      }
    },
    async read(item, maxBytes) {
      const limits = { ...dependencies, maxBytes: Math.min(maxBytes, dependencies.maxBytes) };
      return readPage(item, limits, new AbortController().signal);
    },
  };
}

/** A page as the item of a source; filters see its path below `scope`. */
export function pageItem(url: string, page: KnownPage, scope: string): SourceItem {
  return {
    kind: 'file',
    item: url,
    name: nameOf(url),
    path: decoded(new URL(url).href.slice(scope.length).replace(/^\//, '')),
    uri: url,
    sizeBytes: page.sizeBytes,
    contentHash: page.contentHash,
    mediaType: page.mediaType,
  };
}

export function pageProblem(
  url: string,
  { code, message }: HoldfastError,
  state: 'failed' | 'skipped',
): SourceItem {
  return {
    kind: 'problem',
    item: url,
    name: nameOf(url),
    problem: { code, reason: message },
    state,
    hidesItems: false,
  };
}

/** The last part of the path; a page that is a folder has the name of its host. */
function nameOf(url: string): string {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split('/').at(-1) ?? '';
  return last === '' ? hostname : decoded(last);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
