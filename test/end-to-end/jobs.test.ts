import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WireSyncPlan } from '../../src/http/contract/ingest.ts';
import type { WireJob } from '../../src/http/contract/job.ts';
import { collectionPath } from './api.ts';
import { runHoldfast, startServer } from './process.ts';
import { NEVER, openTestService, scopeOf, temporaryFolder, textOf } from './service.ts';

const LIMITS = { timeout: 180_000 };
const docs = scopeOf('docs');

function writeFiles(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  for (let at = 0; at < count; at++)
    writeFileSync(join(folder, `file-${at}.md`), `# File ${at}\n\nThe heron number ${at} fishes here.\n`);
}

test('a folder and an upload are accepted at once, and their jobs tell how they end', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, 20);
  await using server = await startServer(temporaryFolder(t));
  const { api } = server;
  await api.createCollection('docs');
  const ingest = await api.send('POST', `${collectionPath('docs')}/ingest`, { body: { paths: [folder] } });
  assert.equal(ingest.status, 202);
  const upload = await api.send('POST', `${collectionPath('docs')}/documents`, {
    body: { id: 'note', text: 'The bittern booms.' },
  });
  assert.equal(upload.status, 202);
  const ids = [(ingest.body as WireJob).id, (upload.body as { readonly job: string }).job];
  for (const id of ids) {
    const watched = await api.send('GET', `/api/v1/rag/jobs/${id}/events`);
    assert.match(String(watched.body), /event: final/);
  }
  const jobs = await Promise.all(
    ids.map(async (id) => (await api.send('GET', `/api/v1/rag/jobs/${id}`)).body as WireJob),
  );
  assert.deepEqual(
    jobs.map(({ state, kind, counts }) => [state, kind, counts.added, counts.queued + counts.working]),
    [
      ['done', 'sync', 20, 0],
      ['done', 'upload', 1, 0],
    ],
  );
  const documents = await api.documents('docs');
  assert.deepEqual([...new Set(documents.map(({ state }) => state))], ['ready']);
  assert.equal((await api.search('docs', 'bittern', 'lexical')).length, 1);
});

test('the command line lists jobs and failures, and tries them again', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = temporaryFolder(t);
  writeFiles(folder, 3);
  writeFileSync(join(folder, 'empty.md'), '');
  await using server = await startServer(data);
  const run = async (...words: string[]) => runHoldfast([...words, '--data', data]);
  const first = await run('ingest', folder, '--collection', 'docs');
  assert.equal(first.code, 1);
  assert.doesNotMatch(first.stderr, /[#.]{24}/, 'bars are for terminals');
  const failed = await run('documents', '--failed', '--collection', 'docs');
  assert.match(failed.stdout, /empty\.md.*document_empty.*Remove it, or fill it/);
  assert.equal(failed.stdout.trim().split('\n').length, 1);
  assert.match((await run('jobs')).stdout, /done\s+sync into docs: 3 added, 1 failed/);

  writeFileSync(join(folder, 'empty.md'), '# Filled\n\nThe dunlin runs.\n');
  const [id = ''] = failed.stdout.split(' ');
  const retried = await run('documents', 'retry', id, '--collection', 'docs', '--json');
  const { job } = JSON.parse(retried.stdout) as { readonly job: WireJob };
  const watched = await run('jobs', 'watch', job.id);
  assert.match(watched.stdout, /done\s+retry into docs: 1 updated/);
  assert.equal(watched.code, 0);
  assert.equal((await server.api.search('docs', 'dunlin', 'lexical')).length, 1);
  assert.equal((await run('documents', 'retry', '--collection', 'docs')).code, 3, 'nothing has failed');
});

test('a sync that would delete much is refused, shown by a dry run, and done by force', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = temporaryFolder(t);
  writeFiles(folder, 10);
  const run = async (...words: string[]) =>
    runHoldfast(['ingest', folder, '--collection', 'docs', '--json', '--data', data, ...words]);
  assert.equal((await run()).code, 0);
  for (let at = 0; at < 4; at++) rmSync(join(folder, `file-${at}.md`));
  writeFileSync(join(folder, 'new.md'), '# New\n\nThe plover waits.\n');

  const plan = JSON.parse((await run('--dry-run')).stdout) as WireSyncPlan;
  assert.deepEqual([plan.files.added, plan.files.removed, plan.files.unchanged], [1, 4, 6]);
  assert.equal(plan.refusal?.code, 'sync_deletes_too_much');
  assert.equal(plan.removed.length, 4);

  const refused = await run();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /sync_deletes_too_much/);
  assert.match(refused.stderr, /--force/);
  {
    await using service = await openTestService(data);
    assert.equal((await service.collections.get(docs)).stats.documents.ready, 10, 'nothing was changed');
  }
  const forced = JSON.parse((await run('--force')).stdout) as { readonly files: unknown };
  assert.deepEqual(forced.files, {
    found: 7,
    added: 1,
    updated: 0,
    unchanged: 6,
    removed: 4,
    failed: 0,
    skipped: 0,
  });
});

test('three of ten may go unasked, and one of two', LIMITS, async (t) => {
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.create(docs, {});
  for (const [count, gone] of [
    [10, 3],
    [2, 1],
  ] as const) {
    const folder = temporaryFolder(t);
    writeFiles(folder, count);
    await service.ingest({ scope: docs, paths: [folder] }, () => undefined, NEVER);
    for (let at = 0; at < gone; at++) rmSync(join(folder, `file-${at}.md`));
    const { files } = await service.ingest({ scope: docs, paths: [folder] }, () => undefined, NEVER);
    assert.equal(files.removed, gone);
  }
});

test('a job that was accepted goes on after the service was closed', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = temporaryFolder(t);
  writeFiles(folder, 200);
  {
    await using service = await openTestService(data);
    await service.collections.create(docs, {});
    await service.ingestion.start({ scope: docs, paths: [folder] });
    await service.documents.accept(docs, [textOf('note', 'The smew dives.')]);
  }
  await using service = await openTestService(data);
  const { items } = await service.jobs.list(docs.tenant, { limit: 10, cursor: null });
  for (const { id } of items) for await (const _ of service.jobs.watch(docs.tenant, id, NEVER));
  const { stats } = await service.collections.get(docs);
  assert.deepEqual(stats.documents, { total: 201, ready: 201, failed: 0, skipped: 0, pending: 0 });
  assert.deepEqual(await service.verifyIndex(), []);
});

test('a paused job stops and goes on, a cancelled one ends', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, 300);
  await using service = await openTestService(temporaryFolder(t));
  await service.collections.create(docs, {});
  const { id } = await service.ingestion.start({ scope: docs, paths: [folder] });
  await service.jobs.pause(docs.tenant, id);
  // What had begun ends; then nothing moves until the job goes on.
  let job = await service.jobs.get(docs.tenant, id);
  while (job.counts.working > 0 || job.isListing) {
    if (job.state !== 'paused' || job.counts.working === 0) break;
    await new Promise(setImmediate);
    job = await service.jobs.get(docs.tenant, id);
  }
  assert.equal(job.state, 'paused');
  await service.jobs.resume(docs.tenant, id);
  for await (const _ of service.jobs.watch(docs.tenant, id, NEVER));
  assert.equal((await service.collections.get(docs)).stats.documents.ready, 300);

  writeFiles(join(folder, 'more'), 300);
  const second = await service.ingestion.start({ scope: docs, paths: [folder] });
  assert.equal((await service.jobs.cancel(docs.tenant, second.id)).state, 'cancelled');
  await assert.rejects(
    service.ingestion.finished(second, () => undefined, NEVER),
    { code: 'job_cancelled' },
  );
  const { documents } = (await service.collections.get(docs)).stats;
  assert.equal(documents.pending, 0);
  assert.ok(documents.ready >= 300);
});
