import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { localWeb, type LocalWeb } from '../../../../test/local-web.ts';
import { collected } from '../../../../test/contract/collected.ts';
import { temporaryFolder } from '../../../../test/temporary-folder.ts';
import type { SourceItem } from '../../../core/ingest/source.ts';
import { readAllowedPlace } from '../../../lib/allowed-place.ts';
import { sha256Hex } from '../../../lib/hash.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { openPageMemory } from './page-memory.ts';
import { siteRootText, type SiteRoot } from './site-root.ts';
import { siteSource } from './site.ts';
import { urlSource } from './url.ts';

const { signal } = new AbortController();

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A site by path: a page is its body, or a reply. Pages that are HTML say so, and have an ETag. */
type Pages = Record<string, string | Reply>;

async function siteOf(pages: Pages): Promise<LocalWeb & { readonly unchanged: string[] }> {
  const unchanged: string[] = [];
  const web = await localWeb((request, response) => {
    const found = pages[request.url ?? ''] ?? { status: 404 };
    const { status = 200, headers = {}, body = '' } = typeof found === 'string' ? { body: found } : found;
    const etag = `"${sha256Hex(body)}"`;
    if (status === 200 && request.headers['if-none-match'] === etag) {
      unchanged.push(request.url ?? '');
      response.writeHead(304).end();
      return;
    }
    response.writeHead(status, { 'content-type': 'text/html', etag, ...headers }).end(body);
  });
  return { ...web, unchanged };
}

function hashes(items: readonly SourceItem[]): (string | undefined)[] {
  return items.map((item) => (item.kind === 'file' ? item.contentHash : undefined));
}

interface Rig extends AsyncDisposable {
  readonly folder: string;
  readonly pauses: number[];
  list(root: SiteRoot): Promise<readonly SourceItem[]>;
  read(url: string): Promise<string>;
  listUrl(url: string): Promise<readonly SourceItem[]>;
}

async function rig(intervalMs = 0): Promise<Rig> {
  const folder = await temporaryFolder();
  const memory = openPageMemory(folder.path);
  const allowed = ['127.0.0.1'].map(readAllowedPlace).filter((place) => place !== null);
  const pauses: number[] = [];
  const dependencies = {
    fetch: guardedFetch({ allowed, userAgent: 'Holdfast/1' }),
    memory,
    maxBytes: 100_000,
    clock: { now: () => 0, monotonic: () => 0 },
    pause: async (ms: number) => void pauses.push(ms),
    intervalMs,
    robotName: 'Holdfast',
  };
  const site = siteSource(dependencies);
  const single = urlSource(dependencies);
  return {
    folder: folder.path,
    pauses,
    list: async (root) => collected(site.list(siteRootText(root), signal)),
    read: async (url) => Buffer.from(await site.read(url, 100_000)).toString(),
    listUrl: async (url) => collected(single.list(url, signal)),
    async [Symbol.asyncDispose]() {
      memory[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function crawlOf(url: string, limits: { maxPages?: number; maxDepth?: number } = {}): SiteRoot {
  return { kind: 'crawl', url, maxPages: 1000, maxDepth: 10, ...limits };
}

function sitemapOf(url: string, maxPages = 1000): SiteRoot {
  return { kind: 'sitemap', url, maxPages };
}

/** Paths of pages; `code path` of problems. */
function shown(items: readonly SourceItem[]): string[] {
  return items.map((item) => {
    const { pathname, search } = new URL(item.item);
    return item.kind === 'file' ? pathname + search : `${item.problem.code} ${pathname + search}`;
  });
}

function links(...targets: string[]): string {
  return targets.map((target) => `<p><a href="${target}">to ${target}</a></p>`).join('\n');
}

describe('a crawl', () => {
  it('follows links breadth first within the folder of its start', async () => {
    await using web = await siteOf({
      '/docs/': links(
        'a.html',
        'b/',
        '../out.html',
        'http://example.com/',
        '/docs/a.html#part',
        'mailto:x@y.z',
      ),
      '/docs/a.html': links('c.html?x=1&amp;y=2', './'),
      '/docs/b/': links('../a.html', 'd.html', '//example.com/docs/x', 'javascript:void(0)', 'ftp://h/docs/'),
      '/docs/c.html?x=1&y=2': 'c',
      '/docs/b/d.html': '<script>"<a href=e.html>"</script><!-- <a href=f.html> --><a href=g.html>',
      '/docs/b/g.html': 'g',
    });
    await using site = await rig();
    assert.deepEqual(shown(await site.list(crawlOf(`${web.origin}/docs/`))), [
      '/docs/',
      '/docs/a.html',
      '/docs/b/',
      '/docs/c.html?x=1&y=2',
      '/docs/b/d.html',
      '/docs/b/g.html',
    ]);
    assert.equal(web.requests[0], 'GET /robots.txt');
  });

  it('tells what is known of a page, and reads what it has seen without asking again', async () => {
    await using web = await siteOf({ '/docs/a%20b.html': 'text' });
    await using site = await rig();
    const url = `${web.origin}/docs/a%20b.html`;
    assert.deepEqual(await site.list(crawlOf(url)), [
      {
        kind: 'file',
        item: url,
        name: 'a b.html',
        path: 'a b.html',
        uri: url,
        sizeBytes: 4,
        contentHash: sha256Hex('text'),
        mediaType: 'text/html',
      },
    ]);
    const before = web.requests.length;
    assert.equal(await site.read(url), 'text');
    assert.equal(web.requests.length, before);
    assert.equal(await site.read(url), 'text');
    assert.equal(web.requests.length, before + 1);
  });

  it('costs no body for pages that have not changed, and still follows their links', async () => {
    const pages: Pages = { '/': links('/a', '/b'), '/a': links('/c'), '/b': 'b', '/c': 'c' };
    await using web = await siteOf(pages);
    await using site = await rig();
    const first = await site.list(crawlOf(`${web.origin}/`));
    pages['/b'] = 'new';
    const second = await site.list(crawlOf(`${web.origin}/`));
    assert.deepEqual(shown(second), ['/', '/a', '/b', '/c']);
    assert.deepEqual(web.unchanged, ['/', '/a', '/c']);
    assert.deepEqual(
      hashes(second).map((hash, index) => hash === hashes(first)[index]),
      [true, true, false, true],
    );
    assert.equal(await site.read(`${web.origin}/b`), 'new');
  });

  it('leaves out what is gone, and what asks to be left out', async () => {
    const pages: Pages = {
      '/': links('/a', '/gone', '/noindex', '/nofollow', '/c') + '<a rel="me nofollow" href="/secret">',
      '/a': 'a',
      '/gone': { status: 410 },
      '/noindex': `<meta name=ROBOTS content="NoIndex">${links('/d')}`,
      '/nofollow': `<meta name=robots content=nofollow>${links('/e')}`,
      '/d': 'd',
      '/e': 'e',
      '/secret': 'secret',
    };
    await using web = await siteOf(pages);
    await using site = await rig();
    assert.deepEqual(shown(await site.list(crawlOf(`${web.origin}/`))), ['/', '/a', '/nofollow', '/d']);
  });

  it('takes a page that is reached on several ways once, under its last address', async () => {
    await using web = await siteOf({
      '/': links('/old', '/older', '/new', '/away'),
      '/old': { status: 301, headers: { location: '/new' } },
      '/older': { status: 302, headers: { location: '/other' } },
      '/away': { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      '/new': 'new',
      '/other': 'other',
    });
    await using site = await rig();
    assert.deepEqual(
      shown(await site.list(crawlOf(`${web.origin}/`))),
      ['/', '/other', '/new', 'url_unreachable /away'].toSorted(
        (a, b) => Number(a.endsWith('away')) - Number(b.endsWith('away')),
      ),
    );
  });

  it('shows each page that fails, and goes on behind it with what it knew', async () => {
    const pages: Pages = { '/': links('/a', '/b', '/picture'), '/a': links('/c'), '/b': 'b', '/c': 'c' };
    pages['/picture'] = { headers: { 'content-type': 'image/png' } };
    await using web = await siteOf(pages);
    await using site = await rig();
    const start = crawlOf(`${web.origin}/`);
    assert.deepEqual(shown(await site.list(start)), ['/', '/a', '/b', 'url_content_type /picture', '/c']);
    pages['/a'] = { status: 500 };
    pages['/b'] = { body: 'x'.repeat(100_001) };
    const expected = ['/', 'url_status /a', 'url_too_large /b', 'url_content_type /picture', '/c'];
    assert.deepEqual(shown(await site.list(start)), expected);
  });

  it('tries again what may pass, and waits as long as it is told', async () => {
    const pages: Pages = { '/': { status: 503, headers: { 'retry-after': '7' } } };
    await using web = await siteOf(pages);
    await using site = await rig();
    await assert.rejects(site.list(crawlOf(`${web.origin}/`)), {
      code: 'url_status',
      message: `${web.origin}/ answers with status 503`,
    });
    assert.deepEqual(site.pauses, [7000, 7000]);
    assert.deepEqual(web.requests, ['GET /robots.txt', 'GET /', 'GET /', 'GET /']);
  });

  it('keeps its distance between requests, the longer one of its own and of the site', async () => {
    const pages: Pages = { '/': links('/a'), '/a': 'a' };
    await using web = await siteOf(pages);
    await using site = await rig(250);
    await site.list(crawlOf(`${web.origin}/`));
    // This clock stands still, so every request waits for all those before it.
    assert.deepEqual(site.pauses, [250, 500]);
    pages['/robots.txt'] = 'User-agent: holdfast\nCrawl-delay: 2';
    site.pauses.length = 0;
    await site.list(crawlOf(`${web.origin}/`));
    assert.deepEqual(site.pauses, [250, 2250]);
  });

  it('heeds robots.txt, also when it cannot be had', async () => {
    const pages: Pages = { '/': links('/a', '/b/c'), '/a': 'a', '/b/c': 'c' };
    pages['/robots.txt'] = 'User-agent: *\nDisallow: /\n\nUser-agent: Holdfast\nDisallow: /b/';
    await using web = await siteOf(pages);
    await using site = await rig();
    assert.deepEqual(shown(await site.list(crawlOf(`${web.origin}/`))), ['/', '/a', 'url_robots /b/c']);
    assert.ok(!web.requests.includes('GET /b/c'));
    pages['/robots.txt'] = 'User-agent: *\nDisallow: /';
    await assert.rejects(site.list(crawlOf(`${web.origin}/`)), { code: 'url_robots' });
    pages['/robots.txt'] = { status: 500 };
    await assert.rejects(site.list(crawlOf(`${web.origin}/`)), {
      code: 'url_status',
      message: /robots\.txt answers with status 500, so nothing is allowed/,
    });
    pages['/robots.txt'] = { status: 403 };
    assert.equal((await site.list(crawlOf(`${web.origin}/`))).length, 3);
  });

  it('ends at its limits of pages and depth, and says what it left out', async () => {
    const pages: Pages = {};
    for (let page = 0; page < 20; page++) pages[`/${page}`] = links(`/${page + 1}`, `/${page + 2}`);
    await using web = await siteOf(pages);
    await using site = await rig();
    const items = await site.list(crawlOf(`${web.origin}/0`, { maxPages: 4 }));
    assert.deepEqual(shown(items), ['/0', '/1', '/2', '/3', 'site_too_large /4']);
    assert.deepEqual(shown(await site.list(crawlOf(`${web.origin}/0`, { maxDepth: 1 }))), ['/0', '/1', '/2']);
  });

  it('never ends up in an endless site', async () => {
    await using web = await localWeb((request, response) => {
      const next = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page')) + 1;
      response.writeHead(200, { 'content-type': 'text/html' }).end(links(`/calendar?page=${next}`));
    });
    await using site = await rig();
    const items = await site.list(crawlOf(`${web.origin}/calendar`, { maxPages: 50, maxDepth: 1000 }));
    assert.deepEqual(shown(items).slice(-2), ['/calendar?page=49', 'site_too_large /calendar?page=50']);
  });

  it('starts anew when its memory is damaged', async () => {
    await using web = await siteOf({ '/': 'text' });
    await using site = await rig();
    await site.list(crawlOf(`${web.origin}/`));
    await using other = await temporaryFolder();
    await writeFile(
      join(other.path, 'pages.db'),
      'not a database at all, but longer than its header '.repeat(9),
    );
    const memory = openPageMemory(other.path);
    assert.equal(memory.get(`${web.origin}/`), null);
    memory[Symbol.dispose]();
  });
});

describe('a sitemap', () => {
  const NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';
  const urlset = (...locations: string[]) =>
    `<?xml version="1.0"?><urlset ${NAMESPACE}>${locations.map((url) => `<url><loc> ${url} </loc><lastmod>2026-01-01</lastmod></url>`).join('')}</urlset>`;
  const index = (...locations: string[]) =>
    `<sitemapindex ${NAMESPACE}>${locations.map((url) => `<sitemap><loc><![CDATA[${url}]]></loc></sitemap>`).join('')}</sitemapindex>`;

  it('gives its pages in its order, each once', async () => {
    const pages: Pages = { '/a': 'a', '/b?x=1&y=2': 'b' };
    await using web = await siteOf(pages);
    pages['/sitemap.xml'] = urlset(
      `${web.origin}/b?x=1&amp;y=2`,
      `${web.origin}/a`,
      `${web.origin}/a#x`,
      `${web.origin}/gone`,
    );
    await using site = await rig();
    assert.deepEqual(shown(await site.list(sitemapOf(`${web.origin}/sitemap.xml`))), ['/b?x=1&y=2', '/a']);
  });

  it('may be an index, packed, or a list of lines', async () => {
    const pages: Pages = { '/a': 'a', '/b': 'b', '/c': 'c' };
    await using web = await siteOf(pages);
    const at = (path: string) => `${web.origin}${path}`;
    pages['/index.xml'] = index(at('/maps/1.xml.gz'), at('/maps/2.txt'));
    pages['/maps/1.xml.gz'] = {
      body: gzipSync(urlset(at('/a'))),
      headers: { 'content-type': 'application/gzip' },
    };
    pages['/maps/2.txt'] = `${at('/b')}\r\n${at('/c')}\r\n`;
    await using site = await rig();
    assert.deepEqual(shown(await site.list(sitemapOf(at('/index.xml')))), ['/a', '/b', '/c']);
  });

  it('speaks for its own folder only', async () => {
    const pages: Pages = { '/docs/a': 'a', '/b': 'b' };
    await using web = await siteOf(pages);
    pages['/docs/sitemap.xml'] = urlset(
      `${web.origin}/docs/a`,
      `${web.origin}/b`,
      'http://example.com/docs/c',
    );
    await using site = await rig();
    assert.deepEqual(shown(await site.list(sitemapOf(`${web.origin}/docs/sitemap.xml`))), [
      '/docs/a',
      'url_out_of_scope /b',
      'url_out_of_scope /docs/c',
    ]);
  });

  it('ends at the limit of pages', async () => {
    const pages: Pages = { '/0': '0', '/1': '1', '/2': '2' };
    await using web = await siteOf(pages);
    pages['/sitemap.xml'] = urlset(`${web.origin}/0`, `${web.origin}/1`, `${web.origin}/2`);
    await using site = await rig();
    assert.deepEqual(shown(await site.list(sitemapOf(`${web.origin}/sitemap.xml`, 2))), [
      '/0',
      '/1',
      'site_too_large /2',
    ]);
  });

  it('that cannot be read ends with one code and a reason', async () => {
    const pages: Pages = {};
    await using web = await siteOf(pages);
    await using site = await rig();
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`;
    const external = `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>`;
    const rows: [string | Reply, string, RegExp][] = [
      [{ status: 404 }, 'url_status', /answers with status 404$/],
      ['<urlset><url>', 'url_malformed', /is not a sitemap: /],
      ['<html><body></body></html>', 'url_malformed', /its first element is <html>/],
      ['some words', 'url_malformed', /neither XML nor a list of URLs/],
      ['', 'url_malformed', /neither XML nor a list of URLs/],
      [bomb, 'url_malformed', /undefined entity/],
      [external, 'url_malformed', /undefined entity/],
      [{ body: gzipSync(Buffer.alloc(60_000_000)) }, 'url_too_large', /unpacks to more than/],
      [{ body: gzipSync('text').subarray(0, 12) }, 'url_malformed', /is not a sitemap/],
      [index(`${web.origin}/sitemap.xml`), 'url_malformed', /an index of sitemaps within an index/],
      [index('http://169.254.169.254/sitemap.xml'), 'url_forbidden', /metadata service/],
      [index('file:///etc/passwd'), 'url_invalid', /has the scheme file:/],
    ];
    for (const [page, code, message] of rows) {
      pages['/sitemap.xml'] = page;
      await assert.rejects(site.list(sitemapOf(`${web.origin}/sitemap.xml`)), { code, message });
    }
  });
});

describe('a URL', () => {
  it('is one document under the address that was given', async () => {
    const pages: Pages = { '/old': { status: 301, headers: { location: '/new' } }, '/new': 'text' };
    await using web = await siteOf(pages);
    await using site = await rig();
    const [item] = await site.listUrl(`${web.origin}/old`);
    assert.equal(item?.kind === 'file' ? item.uri : item?.problem.reason, `${web.origin}/old`);
    const before = web.requests.length;
    assert.equal(await site.read(`${web.origin}/old`), 'text');
    assert.equal(web.requests.length, before);
    await site.listUrl(`${web.origin}/old`);
    assert.deepEqual(web.requests.slice(before), ['GET /old', 'GET /new']);
  });

  it('that cannot be had is a failed document with its reason', async () => {
    await using web = await siteOf({
      '/500': { status: 500 },
      '/loop': { status: 302, headers: { location: '/loop' } },
    });
    await using site = await rig();
    const rows = [
      [`${web.origin}/404`, 'url_status'],
      [`${web.origin}/500`, 'url_status'],
      [`${web.origin}/loop`, 'url_redirects'],
      ['http://10.0.0.1/', 'url_forbidden'],
    ] as const;
    for (const [url, code] of rows) {
      const [item] = await site.listUrl(url);
      assert.ok(item?.kind === 'problem');
      assert.deepEqual([item.item, item.state, item.problem.code], [url, 'failed', code]);
    }
  });
});
