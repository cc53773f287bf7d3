import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Service } from '../../src/app/service.ts';
import type { IngestRequest } from '../../src/core/documents/library.ts';
import type { WireDocument } from '../../src/http/contract/document.ts';
import type { WirePage } from '../../src/http/wire/document.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { gzipSync } from 'node:zlib';
import { until } from '../matrix/until.ts';
import { localWeb, type Answer, type LocalWeb } from '../local-web.ts';
import type { Api } from './api.ts';
import { BIN, plainEnvironment, runHoldfast, startServer } from './process.ts';
import { NEVER, openTestService, scopeOf, temporaryFolder } from './service.ts';

const LIMITS = { timeout: 180_000 };
const WEB = { HOLDFAST_URL_ALLOW: '127.0.0.1', HOLDFAST_SITE_REQUESTS_PER_SECOND: '1000' };
const docs = scopeOf('docs');

async function siteOf(pages: Readonly<Record<string, string | Answer>>): Promise<LocalWeb> {
  return localWeb((request, response) => {
    const page = pages[request.url ?? ''];
    if (page === undefined) response.writeHead(404).end();
    else if (typeof page === 'function') page(request, response);
    else if (request.headers['if-none-match'] === `"${page.length}"`) response.writeHead(304).end();
    else response.writeHead(200, { 'content-type': 'text/html', etag: `"${page.length}"` }).end(page);
  });
}

function page(text: string, ...links: string[]): string {
  const anchors = links.map((link) => `<li><a href="${link}">${link}</a></li>`).join('');
  return `<html><head><title>${text}</title></head><body><main><p>${text}</p><ul>${anchors}</ul></main></body></html>`;
}

async function run(service: Service, request: Omit<IngestRequest, 'scope'>) {
  const { files } = await service.ingest({ scope: docs, ...request }, () => undefined, NEVER);
  return Object.fromEntries(Object.entries(files).filter(([, count]) => count > 0));
}

/** State, code and last part of the key of every document. */
async function states(service: Service): Promise<string[]> {
  const { items } = await service.documents.list(docs, { limit: 1000, cursor: null });
  return items.map(({ sourceKey, state, problem }) => {
    const name = sourceKey.replace(/^https?:\/\/[^/]+/, '');
    return problem === null ? `${name} ${state}` : `${name} ${state} ${problem.code}`;
  });
}

test(
  'a crawl is synced: unchanged pages cost nothing, and pages that are gone disappear',
  LIMITS,
  async (t) => {
    const pages: Record<string, string> = {
      '/docs/': page('The heron stands in the reeds.', 'a', 'b', 'c'),
      '/docs/a': page('The bittern booms at night.'),
      '/docs/b': page('The kingfisher dives.'),
      '/docs/c': page('The otter sleeps.'),
    };
    await using web = await siteOf(pages);
    await using service = await openTestService(temporaryFolder(t), WEB);
    await service.collections.ensure(docs);
    const crawl = {
      paths: [],
      web: { kind: 'crawl', url: `${web.origin}/docs/`, maxPages: null, maxDepth: null },
    } as const;
    assert.deepEqual(await run(service, crawl), { found: 4, added: 4 });
    await run(service, { paths: [], web: { kind: 'urls', urls: [`${web.origin}/docs`] } });
    assert.deepEqual(await states(service), [
      '/docs failed url_status',
      '/docs/ ready',
      '/docs/a ready',
      '/docs/b ready',
      '/docs/c ready',
    ]);
    assert.deepEqual(await run(service, crawl), { found: 4, unchanged: 4 });
    pages['/docs/b'] = page('The kingfisher has gone fishing elsewhere.');
    delete pages['/docs/c'];
    assert.deepEqual(await run(service, crawl), { found: 3, updated: 1, unchanged: 2, removed: 1 });
    delete pages['/docs/a'];
    delete pages['/docs/b'];
    await assert.rejects(run(service, crawl), { code: 'sync_deletes_too_much' });
    assert.deepEqual(await run(service, { ...crawl, force: true }), { found: 1, unchanged: 1, removed: 2 });
    await assert.rejects(run(service, { ...crawl, web: { ...crawl.web, url: 'http://127.0.0.2/' } }), {
      code: 'url_forbidden',
    });
    await assert.rejects(run(service, { ...crawl, web: { ...crawl.web, url: 'ftp://127.0.0.1/' } }), {
      code: 'url_invalid',
    });
  },
);

test('a sitemap and single URLs live beside each other', LIMITS, async (t) => {
  const pages: Record<string, string> = {
    '/a': page('The bittern booms at night.'),
    '/b': page('The kingfisher dives.'),
  };
  await using web = await siteOf(pages);
  pages['/sitemap.xml'] = `<urlset><url><loc>${web.origin}/a</loc></url></urlset>`;
  await using service = await openTestService(temporaryFolder(t), WEB);
  await service.collections.ensure(docs);
  const sitemap = {
    paths: [],
    web: { kind: 'sitemap', url: `${web.origin}/sitemap.xml`, maxPages: 5 },
  } as const;
  assert.deepEqual(await run(service, { paths: [], web: { kind: 'urls', urls: [`${web.origin}/b`] } }), {
    found: 1,
    added: 1,
  });
  assert.deepEqual(await run(service, sitemap), { found: 1, added: 1 });
  assert.deepEqual(await run(service, sitemap), { found: 1, unchanged: 1 });
  assert.deepEqual(await states(service), ['/a ready', '/b ready']);
  const plan = await service.ingestion.plan({ scope: docs, ...sitemap }, NEVER);
  assert.deepEqual([plan.files.unchanged, plan.removed], [1, []]);
});

const endless: Answer = (_request, response) => {
  const write = (): void => {
    while (response.write(Buffer.alloc(65_536, 'x')));
  };
  response.on('drain', write);
  write();
};

function redirecting(location: string): Answer {
  return (_request, response) => void response.writeHead(302, { location }).end();
}

function answering(headers: Readonly<Record<string, string>>, body: string | Uint8Array): Answer {
  return (_request, response) => void response.writeHead(200, headers).end(body);
}

/** What the web may answer, with the code and the reason that the document then shows. */
const BAD_ANSWERS: readonly (readonly [
  name: string,
  answer: Answer | null,
  code: ErrorCode,
  reason: RegExp,
])[] = [
  ['never-ends', endless, 'url_too_large', /has more than \d+ bytes$/],
  ['to-metadata', redirecting('http://169.254.169.254/latest/'), 'url_forbidden', /metadata service$/],
  ['to-private', redirecting('http://10.0.0.1/'), 'url_forbidden', /10\.0\.0\.1 is a private address$/],
  ['to-loopback', redirecting('http://[::1]/'), 'url_forbidden', /::1 is a loopback address$/],
  ['to-file', redirecting('file:///etc/passwd'), 'url_invalid', /has the scheme file:/],
  ['to-itself', redirecting('/to-itself'), 'url_redirects', /redirects more than 3 times$/],
  [
    'picture',
    answering({ 'content-type': 'image/png' }, 'x'),
    'url_content_type',
    /is image\/png, which holds no text$/,
  ],
  [
    'bomb',
    answering({ 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(40_000_000))),
    'url_too_large',
    /bytes unpacked$/,
  ],
  [
    'broken-gzip',
    answering({ 'content-encoding': 'gzip' }, 'text'),
    'url_malformed',
    /cannot be unpacked as gzip/,
  ],
  ['binary.txt', answering({ 'content-type': 'text/plain' }, Buffer.alloc(999)), 'document_binary', /./],
  ['empty', answering({ 'content-type': 'text/plain' }, ''), 'document_empty', /./],
  ['gone', null, 'url_status', /404/],
];

test('what the web answers badly is told for each URL, and the others are taken', LIMITS, async (t) => {
  const pages = Object.fromEntries(
    BAD_ANSWERS.flatMap(([name, answer]) => (answer === null ? [] : [[`/${name}`, answer]])),
  );
  await using web = await siteOf({ ...pages, '/good': page('The bittern booms at night.') });
  await using service = await openTestService(temporaryFolder(t), WEB);
  await service.collections.ensure(docs);
  const urls = ['good', ...BAD_ANSWERS.map(([name]) => name)].map((name) => `${web.origin}/${name}`);
  await run(service, { paths: [], web: { kind: 'urls', urls } });
  const { items } = await service.documents.list(docs, { limit: 1000, cursor: null });
  const shown = new Map(items.map((item) => [item.sourceKey.slice(web.origin.length + 1), item]));
  assert.equal(shown.get('good')?.state, 'ready');
  for (const [name, , code, reason] of BAD_ANSWERS) {
    const { state, problem } = shown.get(name) ?? {};
    assert.ok(state === 'failed' || state === 'skipped', `${name}: ${state}`);
    assert.equal(problem?.code, code, name);
    assert.match(problem?.reason ?? '', reason, name);
  }
});

test('a repository is synced with its last commit', LIMITS, async (t) => {
  if (spawnSync('git', ['--version']).status !== 0) {
    assert.notEqual(process.env['CI'], 'true', 'CI must have git');
    return t.skip('the command git is not installed');
  }
  const root = temporaryFolder(t);
  const git = (...words: string[]) =>
    assert.equal(
      spawnSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.com', ...words], { cwd: root })
        .status,
      0,
    );
  git('init', '-q');
  writeFileSync(join(root, 'a.md'), '# A\n\nThe bittern booms.\n');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.ensure(docs);
  const request = { paths: [root], origin: 'git' } as const;
  assert.deepEqual(await run(service, request), { found: 1, added: 1 });
  assert.deepEqual(await run(service, request), { found: 1, unchanged: 1 });
  git('mv', 'a.md', 'b.md');
  git('commit', '-q', '-m', 'second');
  assert.deepEqual(await run(service, request), { found: 1, added: 1, removed: 1 });
  return undefined;
});

test('parts of a folder are synced without the rest, and the guard counts the whole', LIMITS, async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'sub'));
  for (const name of ['a', 'b', 'sub/c', 'sub/d', 'sub/e', 'sub/f'])
    writeFileSync(join(root, `${name}.md`), `The heron number ${name} fishes here.`);
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.ensure(docs);
  await run(service, { paths: [root] });
  writeFileSync(join(root, 'a.md'), 'The heron has flown.');
  writeFileSync(join(root, 'b.md'), 'So has this one.');
  rmSync(join(root, 'sub/c.md'));
  const part = { within: root, paths: [join(root, 'a.md'), join(root, 'sub/c.md'), join(root, 'none')] };
  assert.deepEqual(await run(service, part), { found: 1, updated: 1, removed: 1 });
  rmSync(join(root, 'sub'), { recursive: true });
  const gone = { within: root, paths: [join(root, 'sub')] };
  await assert.rejects(run(service, gone), { code: 'sync_deletes_too_much', message: /lacks 3 of its 5/ });
  assert.deepEqual(await run(service, { ...gone, force: true }), { removed: 3 });
  rmSync(root, { recursive: true });
  await assert.rejects(run(service, part), { code: 'path_not_found' });
});

function filesOf({ stdout }: { readonly stdout: string }): Readonly<Record<string, number>> {
  return (JSON.parse(stdout) as { readonly files: Readonly<Record<string, number>> }).files;
}

test('what patterns leave out is not there: a sync removes it, under the guard', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'drafts'));
  for (const name of ['a.md', 'b.md', 'c.md', 'd.txt', 'drafts/e.md', 'drafts/f.md'])
    writeFileSync(join(root, name), `The heron number ${name} fishes here.`);
  const ingest = async (...words: string[]) =>
    runHoldfast(['ingest', root, '--collection', 'docs', '--json', '--data', data, ...words]);

  assert.partialDeepStrictEqual(filesOf(await ingest('--exclude', 'drafts/')), { found: 4, added: 4 });
  assert.partialDeepStrictEqual(filesOf(await ingest()), { found: 6, added: 2, unchanged: 4 });
  const dry = await ingest('--include', '*.md', '--dry-run');
  assert.deepEqual((JSON.parse(dry.stdout) as { readonly removed: string[] }).removed, [join(root, 'd.txt')]);
  const both = ['--include', '*.md', '--include', '*.txt', '--exclude', 'drafts', '--exclude', 'd.*'];
  const refused = await ingest(...both);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /sync_deletes_too_much/);
  assert.partialDeepStrictEqual(filesOf(await ingest(...both, '--force')), { unchanged: 3, removed: 3 });
  const page = await runHoldfast(['ingest', 'http://h/', '-c', 'docs', '--include', '*', '--data', data]);
  assert.deepEqual([page.code, /not web pages/.test(page.stderr)], [2, true]);
});

async function untilFound(api: Api, word: string, isThere: boolean): Promise<void> {
  await until(`"${word}" is ${isThere ? 'found' : 'gone'}`, async () => {
    const results = await api.search('docs', word, 'lexical');
    return results.some(({ text }) => text.includes(word)) === isThere;
  });
}

test('a watched folder is searched as it is, from its first file on', LIMITS, async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'a.md'), 'The word is quixotry.');
  for (let at = 0; at < 8; at++) writeFileSync(join(root, `other-${at}.md`), `Heron number ${at}.`);
  await using server = await startServer(temporaryFolder(t), {
    environment: { HOLDFAST_WATCH: `docs=${root}` },
  });
  const { api } = server;
  await untilFound(api, 'quixotry', true);
  writeFileSync(join(root, 'a.md'), 'The word is syzygy.');
  await untilFound(api, 'syzygy', true);
  await untilFound(api, 'quixotry', false);
  mkdirSync(join(root, 'sub/deep'), { recursive: true });
  renameSync(join(root, 'a.md'), join(root, 'sub/deep/b.md'));
  writeFileSync(join(root, 'sub/deep/c.md'), 'The word is zephyr.');
  await untilFound(api, 'zephyr', true);
  await untilFound(api, 'syzygy', true);
  writeFileSync(join(root, '.c.md.swp'), 'The word is temporary.');
  writeFileSync(join(root, 'c.tmp'), 'The word is borborygmus.');
  renameSync(join(root, 'c.tmp'), join(root, 'sub/deep/c.md'));
  await untilFound(api, 'borborygmus', true);
  await untilFound(api, 'zephyr', false);
  rmSync(join(root, 'sub/deep/b.md'));
  await untilFound(api, 'syzygy', false);
  const names = (await api.documents('docs')).map(({ source_key: key }) => key.slice(root.length + 1));
  assert.deepEqual(
    names.filter((name) => !name.startsWith('other')),
    ['sub/deep/c.md'],
  );
  assert.doesNotMatch(server.log(), /watch_/);
});

test('standard input is a document with the name that is given', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const pipe = (text: string, ...words: string[]) => {
    const child = spawnSync(process.execPath, [BIN, 'ingest', '-', '--data', data, '-c', 'docs', ...words], {
      input: text,
      env: plainEnvironment(),
      encoding: 'utf8',
    });
    return child;
  };
  const first = pipe('The word is quixotry.', '--name', 'x.md');
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /^x\.md is ready \([0-9a-f]{32}\)\n$/);
  assert.equal(pipe('The word is syzygy.', '--name', 'x.md', '--json').status, 0);
  const empty = pipe('', '--name', 'y.md');
  assert.equal(empty.status, 1);
  assert.match(empty.stderr, /document_empty/);
  assert.equal(pipe('text').status, 2);
  const found = await runHoldfast(['search', 'syzygy', '--data', data, '--json']);
  assert.match(found.stdout, /syzygy/);
});

test('documents have the language that the command line names', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.md'), 'The word is quixotry, and this is plain English text.');
  const holdfast = async (...words: string[]) =>
    runHoldfast([...words, '-c', 'docs', '--data', data, '--json']);
  const languages = async (): Promise<unknown> =>
    (JSON.parse((await holdfast('documents')).stdout) as WirePage<WireDocument>).items.map(
      ({ language }) => language,
    );
  assert.equal((await holdfast('ingest', folder, '--language', 'ja')).code, 0);
  assert.deepEqual(await languages(), ['ja']);
  assert.equal((await holdfast('ingest', folder, '--language', 'auto')).code, 0);
  assert.deepEqual(await languages(), ['en']);
  assert.equal((await holdfast('ingest', folder, '--language', 'Japanese')).code, 2);
  const words = ['ingest', '-', '--name', 'b.md', '--language', 'ko', '-c', 'docs', '--data', data];
  const input = 'The word is syzygy.';
  assert.equal(spawnSync(process.execPath, [BIN, ...words], { input, env: plainEnvironment() }).status, 0);
  assert.deepEqual(await languages(), ['en', 'ko']);
});
