import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import type { WireDocument } from '../../src/http/contract/document.ts';
import type { WireIngestSummary } from '../../src/http/contract/ingest.ts';
import { collectionPath } from './api.ts';
import { FATES, LONG_NAME, writeBadFolder } from './bad-folder.ts';
import { runHoldfast, startServer, type Finished } from './process.ts';
import { temporaryFolder } from './service.ts';

const isWindows = process.platform === 'win32';
const LIMITS = {
  timeout: 180_000,
  skip: isWindows && 'NOT TESTED on Windows: names and links of another kind',
};

/** `holdfast ingest FOLDER --json` on a data folder. */
async function ingest(
  data: string,
  folder: string,
): Promise<{ readonly code: number | null; readonly summary: WireIngestSummary }> {
  const finished = await runHoldfast(['ingest', folder, '--collection', 'docs', '--data', data, '--json']);
  return { code: finished.code, summary: jsonOf(finished) as WireIngestSummary };
}

function jsonOf({ stdout, stderr }: Finished): unknown {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

/** Documents by their names below the folder. */
function named(documents: readonly WireDocument[], folder: string): ReadonlyMap<string, WireDocument> {
  return new Map(documents.map((document) => [relative(folder, document.source_key), document]));
}

/** Files of the bad folder that have to get this state. */
function count(state: string): number {
  return Object.entries(FATES).filter(([name, fate]) => fate.state === state && !name.includes('#')).length;
}

test('every bad file gets a state and a reason, and the good ones are found', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = temporaryFolder(t);
  writeBadFolder(folder, temporaryFolder(t));
  await using server = await startServer(data);
  const { code, summary } = await ingest(data, folder);
  assert.equal(code, 1, 'files have failed');

  const documents = named(await server.api.documents('docs'), folder);
  assert.deepEqual([...documents.keys()].toSorted(), Object.keys(FATES).toSorted());
  for (const [name, { state, code: problem, words }] of Object.entries(FATES)) {
    const document = documents.get(name);
    assert.equal(document?.state, state, `${name}: ${JSON.stringify(document?.problem)}`);
    assert.equal(document?.problem?.code ?? null, problem, name);
    if (problem !== null) assert.ok((document?.problem?.reason ?? '').length > 10, `${name} has a reason`);
    if (words === undefined) continue;
    const results = await server.api.search('docs', words, 'lexical');
    assert.equal(results[0]?.document_id, document?.id, `"${words}" finds ${JSON.stringify(name)}`);
  }
  assert.deepEqual(
    await server.api.search('docs', 'cuckoo', 'lexical'),
    [],
    'nothing from outside the folder',
  );

  const files = Object.keys(FATES).filter((name) => !name.includes('#')).length + 1;
  assert.deepEqual(summary.files, {
    found: files,
    added: count('ready'),
    updated: 0,
    unchanged: 0,
    removed: 0,
    // And the list with a broken record.
    failed: count('failed') + 1,
    skipped: count('skipped'),
  });
  assert.equal(summary.failures.length, count('failed') + 1);
  assert.equal(summary.skipped.length, count('skipped'));

  const { sequence } = (await server.api.collection('docs')).stats;
  const again = await ingest(data, folder);
  assert.equal(again.code, 1, 'known failures are reported again');
  assert.deepEqual(again.summary.files, { ...summary.files, added: 0, unchanged: summary.files.added });
  assert.deepEqual(
    again.summary.failures.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
    summary.failures.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
  );
  assert.equal(
    (await server.api.collection('docs')).stats.sequence,
    sequence,
    'the second run writes nothing',
  );
});

test(
  'a folder is kept in line: unchanged, changed, deleted, ten times without a duplicate',
  LIMITS,
  async (t) => {
    const data = temporaryFolder(t);
    const folder = temporaryFolder(t);
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    for (let file = 0; file < 20; file++)
      write(`file-${file}.md`, `# File ${file}\n\nThe goose number ${file} lives here.\n`);
    write('list.jsonl', '{"id": "a", "text": "Swan a."}\n{"id": "b", "text": "Swan b."}\n');
    await using server = await startServer(data);
    const { api } = server;
    const first = await ingest(data, folder);
    assert.deepEqual([first.code, first.summary.files.added], [0, 21]);
    const { chunks } = (await api.collection('docs')).stats;

    for (let run = 2; run <= 10; run++) {
      const { code, summary } = await ingest(data, run % 2 === 0 ? folder : `${folder}/`);
      assert.deepEqual([code, summary.files.unchanged], [0, 21]);
    }
    const stats = (await api.collection('docs')).stats;
    assert.deepEqual([stats.chunks, stats.documents.total], [chunks, 22]);
    const found = (await api.search('docs', 'goose', 'lexical')).map(({ chunk_id: id }) => id);
    assert.equal(new Set(found).size, found.length);
    assert.equal(found.length, 20);

    write('file-3.md', '# File 3\n\nThe grebe number 3 lives here.\n');
    write('list.jsonl', '{"id": "b", "text": "Swan b, changed."}\n{"id": "c", "text": "Swan c."}\n');
    write('new.md', '# New\n\nThe bittern is new.\n');
    rmSync(join(folder, 'file-4.md'));
    const { summary } = await ingest(data, folder);
    assert.deepEqual(
      [summary.files.unchanged, summary.files.updated, summary.files.added, summary.files.removed],
      [18, 2, 1, 1],
    );
    const names = new Set(named(await api.documents('docs'), folder).keys());
    assert.ok(!names.has('file-4.md') && !names.has('list.jsonl#a'));
    assert.ok(names.has('list.jsonl#c') && names.has('new.md'));
    assert.equal((await api.search('docs', 'grebe', 'lexical')).length, 1);
    assert.equal((await api.search('docs', 'goose', 'lexical')).length, 18);
  },
);

test('a path with a trailing slash or dots names the same folder, also over HTTP', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.md'), '# A\n\nAlpha.\n');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub/b.md'), '# B\n\nBeta.\n');
  await using server = await startServer(temporaryFolder(t));
  await server.api.createCollection('docs');
  await server.api.ingest('docs', folder);
  for (const path of [`${folder}/`, `${folder}//`, `${folder}/sub/..`, `${folder}/./`])
    assert.deepEqual((await server.api.ingest('docs', path)).files.unchanged, 2, path);
  rmSync(join(folder, 'a.md'));
  assert.equal((await server.api.ingest('docs', `${folder}/`)).files.removed, 1);
});

test('an update that fails keeps the last good version, and says so', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'a.md');
  writeFileSync(path, '# A\n\nThe kingfisher dives.\n');
  await using server = await startServer(temporaryFolder(t));
  const { api } = server;
  await api.createCollection('docs');
  await api.ingest('docs', folder);
  const [before] = await api.documents('docs');
  for (const [bytes, code] of [
    [Buffer.alloc(0), 'document_empty'],
    [Buffer.from(Array.from({ length: 999 }, (_, at) => (at * 193) % 256)), 'document_binary'],
  ] as const) {
    writeFileSync(path, bytes);
    const { files } = await api.ingest('docs', folder);
    assert.deepEqual([files.failed, files.removed], [1, 0]);
    const [after] = await api.documents('docs');
    assert.deepEqual([after?.state, after?.problem?.code, after?.version], ['failed', code, before?.version]);
    assert.equal((await api.search('docs', 'kingfisher', 'lexical')).length, 1);
    assert.match(await api.text('docs', before?.id ?? ''), /kingfisher/);
  }
  writeFileSync(path, '# A\n\nThe kingfisher dives again.\n');
  assert.equal((await api.ingest('docs', folder)).files.updated, 1);
  assert.equal((await api.documents('docs'))[0]?.state, 'ready');
});

test('a folder that is gone is path_not_found and deletes nothing', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  const folder = join(temporaryFolder(t), 'docs');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.md'), '# A\n\nThe osprey stays.\n');
  await using server = await startServer(data);
  await ingest(data, folder);
  renameSync(folder, `${folder}.away`);
  const answer = await server.api.send('POST', `${collectionPath('docs')}/ingest`, {
    body: { paths: [folder] },
  });
  assert.deepEqual([answer.status, (answer.body as { code: string }).code], [404, 'path_not_found']);
  const finished = await runHoldfast(['ingest', folder, '--collection', 'docs', '--data', data, '--json']);
  assert.deepEqual([finished.code, finished.stdout], [1, '']);
  assert.match(finished.stderr, /path_not_found/);
  assert.equal((await server.api.search('docs', 'osprey', 'lexical')).length, 1);
});

test(
  'a file that became a folder, and a folder that became a file, are taken as they are now',
  LIMITS,
  async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'a.md'), '# A\n\nThe old plover.\n');
    mkdirSync(join(folder, 'b.md'));
    writeFileSync(join(folder, 'b.md/inner.md'), '# B\n\nThe old lapwing.\n');
    await using server = await startServer(temporaryFolder(t));
    const { api } = server;
    await api.createCollection('docs');
    await api.ingest('docs', folder);
    rmSync(join(folder, 'a.md'));
    rmSync(join(folder, 'b.md'), { recursive: true });
    mkdirSync(join(folder, 'a.md'));
    writeFileSync(join(folder, 'a.md/inner.md'), '# A\n\nThe new plover.\n');
    writeFileSync(join(folder, 'b.md'), '# B\n\nThe new lapwing.\n');
    // Both are gone under their old names, which is more than a sync deletes unasked.
    const forced = { body: { paths: [folder], force: true } };
    assert.equal(await api.status('POST', `${collectionPath('docs')}/ingest?wait=true`, forced), 200);
    assert.deepEqual([...named(await api.documents('docs'), folder).keys()].toSorted(), [
      'a.md/inner.md',
      'b.md',
    ]);
    assert.equal((await api.search('docs', 'old', 'lexical')).length, 0);
  },
);

test(
  'a name that is not UTF-8 gets a state and a reason, and the others go on',
  { ...LIMITS, skip: process.platform !== 'linux' && 'NOT TESTED: only Linux has such names' },
  async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'good.md'), '# Good\n\nThe avocet wades.\n');
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.md')]),
      '# Bad name\n\nText.\n',
    );
    await using server = await startServer(temporaryFolder(t));
    await server.api.createCollection('docs');
    const { files, failures } = await server.api.ingest('docs', folder);
    assert.deepEqual([files.added, files.failed], [1, 1]);
    assert.match(failures[0]?.problem.reason ?? '', /name/);
  },
);

test('what another user may not read fails alone, and what was known below it stays', LIMITS, async (t) => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
  const [program, ...words] = nobody;
  if (process.getuid?.() !== 0 || spawnSync(program, [...words, 'true']).status !== 0) {
    t.skip('NOT TESTED: running as another user needs root and setpriv');
    return;
  }
  const home = temporaryFolder(t);
  const data = join(home, 'data');
  const folder = join(home, 'docs');
  for (const path of [
    data,
    folder,
    join(folder, 'closed'),
    join(folder, 'closed/below'),
    join(folder, 'blind'),
    join(folder, 'blind/below'),
  ])
    mkdirSync(path);
  for (const name of [
    'open.md',
    'secret.md',
    'closed/a.md',
    'closed/below/b.md',
    'blind/c.md',
    'blind/below/d.md',
  ])
    writeFileSync(join(folder, name), `# ${name}\n\nThe turnstone is in ${name}.\n`);
  for (const path of [home, data]) chownSync(path, 65_534, 65_534);
  await using server = await startServer(data, { wrapper: nobody });
  const { api } = server;
  await api.createCollection('docs');
  assert.equal((await api.ingest('docs', folder)).files.added, 6);

  chmodSync(join(folder, 'secret.md'), 0);
  chmodSync(join(folder, 'closed'), 0);
  // Its names can be listed, and nothing behind them can be reached.
  chmodSync(join(folder, 'blind'), 0o744);
  const { files, failures } = await api.ingest('docs', folder);
  assert.deepEqual([files.unchanged, files.removed, files.added], [1, 0, 0]);
  assert.deepEqual(
    failures.map(({ item, problem }) => [relative(folder, item), problem.code]).toSorted(),
    ['blind/below', 'blind/c.md', 'closed', 'secret.md'].map((name) => [name, 'document_unreadable']),
  );
  assert.equal((await api.search('docs', 'turnstone', 'lexical')).length, 6, 'the last good versions stay');

  for (const name of ['secret.md', 'closed', 'blind']) chmodSync(join(folder, name), 0o755);
  assert.deepEqual((await api.ingest('docs', folder)).files.failed, 0);
  assert.deepEqual(
    (await api.documents('docs')).map(({ state }) => state),
    Array.from({ length: 6 }, () => 'ready'),
  );
});

test('a file that grows beyond the limit while it is known fails, and comes back', LIMITS, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, LONG_NAME);
  writeFileSync(path, '# A\n\nThe sandpiper runs.\n');
  await using server = await startServer(temporaryFolder(t), {
    environment: { HOLDFAST_MAX_DOCUMENT_BYTES: '1000' },
  });
  const { api } = server;
  await api.createCollection('docs');
  await api.ingest('docs', folder);
  appendFileSync(path, 'More of it. '.repeat(200));
  const { failures } = await api.ingest('docs', folder);
  assert.deepEqual(
    failures.map(({ problem }) => problem.code),
    ['document_too_large'],
  );
  assert.equal((await api.search('docs', 'sandpiper', 'lexical')).length, 1);
  writeFileSync(path, '# A\n\nThe sandpiper runs.\n');
  await api.ingest('docs', folder);
  const [document] = await api.documents('docs');
  assert.deepEqual([document?.state, document?.problem], ['ready', null]);
});
