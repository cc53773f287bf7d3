import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { IngestFolder, IngestRequest } from '../../src/core/documents/library.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { ingestProgressSchema, ingestSummarySchema, syncPlanSchema } from '../../src/http/contract/ingest.ts';
import { jobSchema } from '../../src/http/contract/job.ts';
import { problemSchema } from '../../src/http/contract/problem.ts';
import { problemOf } from './expectations.ts';
import {
  ingestionOf,
  JOB,
  json,
  parseEvents,
  send,
  startServer,
  SUMMARY,
  temporaryFolder,
} from './harness.ts';

const PATH = '/api/v1/rag/collections/docs/ingest?wait=true';
const TOKEN = { 'x-holdfast-local-token': 'secret-token' };

function ingest(
  server: { readonly port: number },
  paths: readonly string[],
  headers: Record<string, string> = {},
) {
  const sent = json({ paths });
  return send(server, { method: 'POST', path: PATH, ...sent, headers: { ...sent.headers, ...headers } });
}

/** An ingest that remembers what it was asked for. */
function recordingIngest() {
  const requests: IngestRequest[] = [];
  const run: IngestFolder = async (request) => {
    requests.push(request);
    return SUMMARY;
  };
  return { requests, ingest: run };
}

describe('POST ingest', () => {
  it('takes any path from the command line of this machine, which knows the local token', async () => {
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    const response = await ingest(server, ['/srv/docs'], TOKEN);
    assert.equal(response.status, 200);
    const summary = ingestSummarySchema.parse(JSON.parse(response.body));
    assert.equal(summary.elapsed_ms, 12);
    assert.deepEqual(summary.failures, [
      {
        item: 'broken.json',
        problem: {
          code: 'document_malformed',
          reason: 'line 1',
          advice: 'Correct the named place.',
        },
      },
    ]);
    assert.deepEqual(requests, [
      { scope: { tenant: 'default', collection: 'docs' }, paths: ['/srv/docs'], force: false },
    ]);
  });

  it('takes no path without the token, with a wrong one, or when there is none', async () => {
    await using folder = await temporaryFolder();
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    for (const token of ['', 'secret-toke', 'secret-token2']) {
      const response = await ingest(server, [folder.path], { 'x-holdfast-local-token': token });
      problemOf(response, 403, 'forbidden');
    }
    problemOf(await ingest(server, [folder.path]), 403, 'forbidden');
    await using closed = await startServer({ ingestion: ingestionOf(run) }, { localToken: null });
    problemOf(await ingest(closed, [folder.path], { 'x-holdfast-local-token': '' }), 403, 'forbidden');
    assert.deepEqual(requests, []);
  });

  it('takes real paths below an allowed root from everyone', async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'root');
    await mkdir(path.join(root, '..data'), { recursive: true });
    await writeFile(path.join(root, 'a.md'), 'A');
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) }, { ingestRoots: [root] });
    const paths = [root, path.join(root, 'a.md'), path.join(root, '..data')];
    assert.equal((await ingest(server, paths)).status, 200);
    assert.deepEqual(requests[0]?.paths, paths);
  });

  it('lets no path leave the root: by dots, by a link, by a common prefix', async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'root');
    const outside = path.join(folder.path, 'root-secrets');
    await mkdir(root);
    await mkdir(outside);
    await symlink(outside, path.join(root, 'link'));
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) }, { ingestRoots: [root] });
    for (const entry of [`${root}/../root-secrets`, `${root}/link`, outside, folder.path, '/']) {
      problemOf(await ingest(server, [root, entry]), 403, 'forbidden');
    }
    assert.deepEqual(requests, []);
  });

  it('tells a missing path below the root from one outside, of which it says nothing', async () => {
    await using folder = await temporaryFolder();
    await using server = await startServer({}, { ingestRoots: [folder.path] });
    problemOf(await ingest(server, [path.join(folder.path, 'gone')]), 404, 'path_not_found');
    problemOf(await ingest(server, ['/no/such/folder']), 403, 'forbidden');
  });

  it('refuses relative paths and empty lists', async () => {
    await using server = await startServer();
    const problem = problemOf(await ingest(server, ['/a', 'docs'], TOKEN), 400, 'invalid_request');
    assert.equal(problem.problems?.[0]?.name, 'paths[1]');
    problemOf(await ingest(server, [], TOKEN), 400, 'invalid_request');
  });

  it('is 404 for an unknown collection before anything is read', async () => {
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    const sent = json({ paths: ['/srv'] });
    const response = await send(server, {
      method: 'POST',
      path: PATH.replace('docs', 'nowhere'),
      ...sent,
      headers: { ...sent.headers, ...TOKEN },
    });
    problemOf(response, 404, 'collection_not_found');
    assert.deepEqual(requests, []);
  });

  it('reports progress and the summary as events', async () => {
    await using server = await startServer();
    const response = await ingest(server, ['/srv'], { ...TOKEN, accept: 'text/event-stream' });
    const events = parseEvents(response.body);
    assert.equal(events.at(-1)?.event, 'final');
    ingestSummarySchema.parse(events.at(-1)?.data);
    assert.deepEqual(events[0], { event: 'job', data: { id: JOB.id } });
    const progress = events.slice(1, -1).map(({ event, data }) => {
      assert.equal(event, 'progress');
      return ingestProgressSchema.parse(data);
    });
    assert.equal(progress.at(-1)?.failure?.item, 'broken.json');
  });

  it('keeps every failure and only the latest of the other reports for a slow reader', async () => {
    await using server = await startServer({
      ingestion: ingestionOf(async (_request, onProgress) => {
        for (let done = 1; done <= 1_000; done += 1) {
          const failure =
            done % 250 === 0
              ? { item: `${done}`, problem: { code: 'document_empty', reason: 'x' } as const }
              : null;
          onProgress({ done, found: 1_000, chunks: done, failure });
        }
        return SUMMARY;
      }),
    });
    const response = await ingest(server, ['/srv'], { ...TOKEN, accept: 'text/event-stream' });
    const progress = parseEvents(response.body)
      .filter(({ event }) => event === 'progress')
      .map(({ data }) => ingestProgressSchema.parse(data));
    assert.deepEqual(
      progress.flatMap(({ failure }) => failure?.item ?? []),
      ['250', '500', '750', '1000'],
    );
    assert.ok(progress.length < 20, `${progress.length} events`);
    assert.equal(progress.at(-1)?.done, 1_000);
  });

  it('is 202 with the place of the job when nobody waits', async () => {
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    const sent = json({ paths: ['/srv'], force: true });
    const headers = { ...sent.headers, ...TOKEN };
    const path = PATH.replace('?wait=true', '');
    const response = await send(server, { method: 'POST', path, ...sent, headers });
    assert.equal(response.status, 202);
    assert.equal(response.headers.location, `/api/v1/rag/jobs/${JOB.id}`);
    assert.equal(jobSchema.parse(JSON.parse(response.body)).id, JOB.id);
    assert.deepEqual(requests, []);
  });

  it('says what it would do on a dry run', async () => {
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    const sent = json({ paths: ['/srv'], dry_run: true });
    const headers = { ...sent.headers, ...TOKEN };
    const response = await send(server, { method: 'POST', path: PATH, ...sent, headers });
    assert.equal(response.status, 200);
    assert.deepEqual(syncPlanSchema.parse(JSON.parse(response.body)).removed, ['gone.md']);
    assert.deepEqual(requests, []);
  });

  it('ends with an error event when the disk is full', async () => {
    await using server = await startServer({
      ingestion: ingestionOf(async (_request, onProgress) => {
        onProgress({ done: 1, found: 3, chunks: 4, failure: null });
        await Promise.resolve();
        throw new HoldfastError('storage_full', 'No space left on /data');
      }),
    });
    const response = await ingest(server, ['/srv'], { ...TOKEN, accept: 'text/event-stream' });
    const [, progress, error] = parseEvents(response.body);
    assert.equal(progress?.event, 'progress');
    assert.equal(error?.event, 'error');
    assert.equal(problemSchema.parse(error?.data).code, 'storage_full');
    problemOf(await ingest(server, ['/srv'], TOKEN), 507, 'storage_full');
  });

  it('takes one source at a time, with the fields that belong to it', async () => {
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) });
    const post = async (body: unknown) =>
      send(server, {
        method: 'POST',
        path: PATH,
        ...json(body),
        headers: { ...json(body).headers, ...TOKEN },
      });
    const bad: readonly (readonly [body: unknown, field: string])[] = [
      [{}, 'body'],
      [{ paths: ['/a'], urls: ['http://h/'] }, 'body'],
      [{ sitemap: 'http://h/', crawl: 'http://h/' }, 'body'],
      [{ urls: ['http://h/'], max_pages: 3 }, 'max_pages'],
      [{ sitemap: 'http://h/', max_depth: 3 }, 'max_depth'],
      [{ git: ['/a'], within: '/' }, 'within'],
      [{ git: ['a'] }, 'git[0]'],
      [{ paths: ['/b/c'], within: '/a' }, 'paths[0]'],
      [{ crawl: 'http://h/', max_pages: 0 }, 'max_pages'],
      [{ urls: [] }, 'urls'],
      [{ urls: ['http://h/'], include: ['*.md'] }, 'include'],
      [{ paths: ['/a'], exclude: [''] }, 'exclude[0]'],
      [{ paths: ['/a'], exclude: [] }, 'exclude'],
    ];
    for (const [body, field] of bad) {
      const problem = problemOf(await post(body), 400, 'invalid_request');
      assert.deepEqual(
        problem.problems?.map(({ name }) => name),
        [field],
        JSON.stringify(body),
      );
    }
    assert.deepEqual(requests, []);
    const good = [
      { urls: ['http://h/a'] },
      { sitemap: 'http://h/s.xml', max_pages: 3 },
      { crawl: 'http://h/', max_depth: 0, force: true },
      { git: ['/srv/repo'] },
      { paths: ['/srv/docs/a.md'], within: '/srv/docs' },
      { paths: ['/srv/docs'], include: ['*.md', '*.pdf'], exclude: ['drafts/'] },
      { git: ['/srv/repo'], exclude: ['*.lock'] },
    ];
    for (const body of good) assert.equal((await post(body)).status, 200, JSON.stringify(body));
    const scope = { tenant: 'default', collection: 'docs' };
    assert.deepEqual(requests, [
      { scope, paths: [], web: { kind: 'urls', urls: ['http://h/a'] }, force: false },
      { scope, paths: [], web: { kind: 'sitemap', url: 'http://h/s.xml', maxPages: 3 }, force: false },
      {
        scope,
        paths: [],
        web: { kind: 'crawl', url: 'http://h/', maxPages: null, maxDepth: 0 },
        force: true,
      },
      { scope, paths: ['/srv/repo'], origin: 'git', force: false },
      { scope, paths: ['/srv/docs/a.md'], within: '/srv/docs', force: false },
      {
        scope,
        paths: ['/srv/docs'],
        patterns: { include: ['*.md', '*.pdf'], exclude: ['drafts/'] },
        force: false,
      },
      {
        scope,
        paths: ['/srv/repo'],
        origin: 'git',
        patterns: { include: [], exclude: ['*.lock'] },
        force: false,
      },
    ]);
  });

  it('takes repositories and parts of folders only below the roots without the token', async () => {
    await using folder = await temporaryFolder();
    const { requests, ingest: run } = recordingIngest();
    await using server = await startServer({ ingestion: ingestionOf(run) }, { ingestRoots: [folder.path] });
    const post = async (body: unknown) => send(server, { method: 'POST', path: PATH, ...json(body) });
    problemOf(await post({ git: ['/'] }), 403, 'forbidden');
    problemOf(await post({ paths: ['/etc/passwd'], within: '/etc' }), 403, 'forbidden');
    const sneaky = path.join(folder.path, '..', '..', 'etc');
    problemOf(await post({ paths: [sneaky], within: folder.path }), 400, 'invalid_request');
    assert.equal((await post({ git: [folder.path] })).status, 200);
    const gone = path.join(folder.path, 'gone.md');
    assert.equal((await post({ paths: [gone], within: folder.path })).status, 200);
    assert.deepEqual(
      requests.map(({ paths }) => paths),
      [[folder.path], [gone]],
    );
  });
});
