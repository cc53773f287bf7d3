import { resolve } from 'node:path';
import { HoldfastError } from '../core/errors.ts';
import type { WireIngestRequest } from '../http/contract/ingest.ts';
import { textFlag, textsFlag, type Flags } from './command.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What the words and flags of `holdfast ingest` name. @throws HoldfastError `invalid_usage`. */
export function ingestSource(words: readonly string[], flags: Flags): WireIngestRequest | 'standard input' {
  const sites = (['sitemap', 'crawl', 'git'] as const).filter((name) => flags[name] !== undefined);
  const [site, second] = sites;
  if (site !== undefined && (second !== undefined || words.length > 0))
    throw usage(`--${site} is the only source of an ingest; give other paths and URLs to another one`);
  if (words.includes('-')) {
    if (words.length > 1) throw usage('with - nothing else can be ingested');
    return 'standard input';
  }
  const what: Mutable<WireIngestRequest> = site === undefined ? placesOf(words) : siteOf(site, flags);
  if (flags['force'] === true) what.force = true;
  const language = textFlag(flags, 'language');
  if (language !== undefined) what.language = language;
  return { ...what, ...patternsOf(flags, what) };
}

function patternsOf(
  flags: Flags,
  { paths, git }: WireIngestRequest,
): Pick<WireIngestRequest, 'include' | 'exclude'> {
  const include = textsFlag(flags, 'include');
  const exclude = textsFlag(flags, 'exclude');
  if ((include ?? exclude) !== undefined && (paths ?? git) === undefined)
    throw usage('--include and --exclude choose files of folders and repositories, not web pages');
  return { ...(include && { include }), ...(exclude && { exclude }) };
}

function placesOf(words: readonly string[]): WireIngestRequest {
  const urls = words.filter((word) => /^https?:\/\//i.test(word));
  if (words.length === 0) throw usage('holdfast ingest needs the path of a file or folder, or a URL');
  if (urls.length === 0) return { paths: words.map((word) => resolve(word)) };
  if (urls.length < words.length) throw usage('paths and URLs cannot be ingested at once; give one kind');
  return { urls };
}

function siteOf(site: 'sitemap' | 'crawl' | 'git', flags: Flags): WireIngestRequest {
  const place = textFlag(flags, site) ?? '';
  if (site === 'git') return { git: [resolve(place)] };
  const maxPages = numberFlag(flags, 'max-pages');
  const maxDepth = numberFlag(flags, 'max-depth');
  return {
    [site]: place,
    ...(maxPages === undefined ? {} : { max_pages: maxPages }),
    ...(maxDepth === undefined ? {} : { max_depth: maxDepth }),
  };
}

function numberFlag(flags: Flags, name: string): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw usage(`--${name} is "${text}", expected a whole number`);
  return Number(text);
}

function usage(detail: string): HoldfastError {
  return new HoldfastError('invalid_usage', detail);
}
