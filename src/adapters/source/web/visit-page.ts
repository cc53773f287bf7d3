import { HoldfastError } from '../../../core/errors.ts';
import { sha256Hex } from '../../../lib/hash.ts';
import { shownUrl } from './checked-url.ts';
import type { KnownPage, PageMemory } from './page-memory.ts';
import { readLinks } from './read-links.ts';
import type { WebAnswer, WebFetch } from './web-fetch.ts';

export interface VisitDependencies {
  readonly fetch: WebFetch;
  readonly memory: PageMemory;
  readonly maxBytes: number;
}

/**
 * What is at a URL now; its body waits in the memory when it had to be sent. Null: the server says that it is gone.
 * @throws HoldfastError as `WebFetch`, and `url_status`.
 */
export async function visitPage(
  url: string,
  { fetch, memory, maxBytes }: VisitDependencies,
  signal: AbortSignal,
): Promise<KnownPage | null> {
  const before = memory.get(url);
  const hasValidators =
    before !== null && (before.validators.etag !== null || before.validators.lastModified !== null);
  const answer = await fetch(
    { url, maxBytes, isDocument: true, ...(hasValidators ? { validators: before.validators } : {}) },
    signal,
  );
  if (answer.kind === 'unchanged' && before !== null) return before;
  if (answer.kind === 'refused' && (answer.status === 404 || answer.status === 410)) return null;
  if (answer.kind !== 'fetched') throw statusError(answer);
  const isHtml = answer.mediaType === 'text/html' || answer.mediaType === 'application/xhtml+xml';
  const { links, isIndexed } = isHtml
    ? await readLinks(answer.bytes, answer.url)
    : { links: [], isIndexed: true };
  const page = {
    finalUrl: answer.url,
    validators: answer.validators,
    contentHash: sha256Hex(answer.bytes),
    sizeBytes: answer.bytes.length,
    mediaType: answer.mediaType,
    links,
    isIndexed,
  };
  await memory.keepBody(answer.url, answer.bytes);
  memory.put(url, page);
  return page;
}

/** The body of a page that was listed, or fetched now when it waits no longer. @throws as `visitPage`. */
export async function readPage(
  url: string,
  { fetch, memory, maxBytes }: VisitDependencies,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const kept = await memory.takeBody(memory.get(url)?.finalUrl ?? url);
  if (kept !== null && kept.length <= maxBytes) return kept;
  const answer = await fetch({ url, maxBytes, isDocument: true }, signal);
  if (answer.kind !== 'fetched') throw statusError(answer);
  return answer.bytes;
}

export function statusError(answer: Exclude<WebAnswer, { kind: 'fetched' }>): HoldfastError {
  const status = answer.kind === 'refused' ? answer.status : 304;
  return new HoldfastError('url_status', `${shownUrl(answer.url)} answers with status ${status}`);
}
