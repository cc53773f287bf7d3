import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SaxesParser } from 'saxes';
import { HoldfastError } from '../../../core/errors.ts';
import { shownUrl } from './checked-url.ts';

export interface Sitemap {
  /** `index`: the locations are those of further sitemaps. */
  readonly kind: 'pages' | 'index';
  readonly locations: readonly string[];
}

/** Of one file, unpacked, as the protocol has it (sitemaps.org). */
export const MAX_SITEMAP_BYTES = 50 * 2 ** 20;
const MAX_LOCATIONS = 50_000;
const PIECE_CHARACTERS = 64 * 1024;

const unzip = promisify(gunzip);

/**
 * Reads a sitemap or an index of sitemaps as XML, or a list of URLs, one a line; also packed with gzip.
 * @throws HoldfastError `url_malformed`, `url_too_large`.
 */
export async function readSitemap(bytes: Uint8Array, url: string): Promise<Sitemap> {
  const text = new TextDecoder().decode(await unpacked(bytes, url));
  if (!/^\uFEFF?\s*</.test(text)) return { kind: 'pages', locations: lines(text, url) };
  return readXml(text, url);
}

async function unpacked(bytes: Uint8Array, url: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzip(bytes, { maxOutputLength: MAX_SITEMAP_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new HoldfastError(
        'url_too_large',
        `${shownUrl(url)} unpacks to more than ${MAX_SITEMAP_BYTES} bytes`,
      );
    throw malformed(url, (error as Error).message, error);
  }
}

function lines(text: string, url: string): readonly string[] {
  const found = text
    .split('\n', MAX_LOCATIONS)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (found.length === 0 || !found.every((line) => /^https?:\/\//i.test(line)))
    throw malformed(url, 'it is neither XML nor a list of URLs');
  return found;
}

/** A strict parser without external entities: what is declared in the document itself is not expanded either. */
async function readXml(text: string, url: string): Promise<Sitemap> {
  const parser = new SaxesParser({ position: false });
  const open: string[] = [];
  const locations: string[] = [];
  let location = '';
  parser.on('error', (error) => {
    throw malformed(url, error.message, error);
  });
  parser.on('opentag', ({ name }) => {
    open.push(name.replace(/^.*:/, ''));
    location = '';
  });
  parser.on('text', (piece) => (location += piece));
  parser.on('cdata', (piece) => (location += piece));
  parser.on('closetag', () => {
    const [, parent, name] = open;
    const isEntry = parent === 'url' || parent === 'sitemap';
    if (open.length === 3 && isEntry && name === 'loc' && locations.length < MAX_LOCATIONS)
      locations.push(location.trim());
    roots.add(open[0] ?? '');
    open.pop();
  });
  const roots = new Set<string>();
  for (let start = 0; start < text.length; start += PIECE_CHARACTERS) {
    parser.write(text.slice(start, start + PIECE_CHARACTERS));
    await nextTurn();
  }
  parser.close();
  if (roots.has('sitemapindex')) return { kind: 'index', locations };
  if (roots.has('urlset')) return { kind: 'pages', locations };
  throw malformed(url, `its first element is <${[...roots][0] ?? ''}>, not <urlset> or <sitemapindex>`);
}

function malformed(url: string, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError('url_malformed', `${shownUrl(url)} is not a sitemap: ${what}`, { cause });
}
