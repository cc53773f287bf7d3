import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { BIN, plainEnvironment, runHoldfast, startServer, type Server } from './process.ts';
import { temporaryFolder } from './service.ts';

const LIMITS = { timeout: 120_000 };
const noSignals = process.platform === 'win32' && 'NOT TESTED: Windows has no SIGTERM';
const MANUAL = join(import.meta.dirname, '../../docs');

test('wrong settings stop the start with exit code 2, all of them at once', LIMITS, async (t) => {
  const data = join(temporaryFolder(t), 'data');
  const { code, stdout, stderr } = await runHoldfast(['serve', '--data', data, '--port', 'x99'], {
    environment: { HOLDFAST_PROT: '1', HOLDFAST_LOG_LEVEL: 'loud', HOLDFAST_CHUNK_TOKENS: '1' },
  });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  for (const part of [
    /HOLDFAST_PROT/,
    /HOLDFAST_PORT/,
    /x99/,
    /HOLDFAST_LOG_LEVEL/,
    /loud/,
    /HOLDFAST_CHUNK_TOKENS/,
  ])
    assert.match(stderr, part);
  assert.ok(!existsSync(data), 'nothing was made');
});

test('a command, flag or argument that does not exist is exit code 2', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  for (const words of [
    ['sevre'],
    ['serve', '--prot', '1'],
    ['ask'],
    ['ingest', MANUAL],
    ['ask', 'x', '--filter', '{'],
    ['search', 'x', '-k', '0', '--collection', 'c'],
  ]) {
    const { code, stdout } = await runHoldfast([...words, '--data', data]);
    assert.deepEqual([code, stdout], [2, ''], words.join(' '));
  }
});

test(
  'a server tells the allocator to give memory back, unless it was told something else',
  { ...LIMITS, skip: process.platform !== 'linux' && 'NOT TESTED: only Linux has glibc' },
  async (t) => {
    const settingsOf = async (environment: NodeJS.ProcessEnv): Promise<string[]> => {
      await using server = await startServer(temporaryFolder(t), { environment });
      const all = readFileSync(`/proc/${server.pid}/environ`, 'utf8').split('\0');
      return all.filter((one) => one.startsWith('MALLOC_')).toSorted();
    };
    assert.deepEqual(await settingsOf({}), ['MALLOC_ARENA_MAX=2', 'MALLOC_MMAP_THRESHOLD_=131072']);
    assert.deepEqual(await settingsOf({ MALLOC_ARENA_MAX: '8' }), ['MALLOC_ARENA_MAX=8']);
  },
);

test('a taken port is exit code 1 and names host and port', LIMITS, async (t) => {
  const blocker = createServer();
  blocker.listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  t.after(() => blocker.close());
  const bound = blocker.address();
  assert.ok(bound !== null && typeof bound === 'object');
  const data = temporaryFolder(t);
  const { code, stdout, stderr } = await runHoldfast(['serve', '--data', data, '--port', `${bound.port}`]);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${bound.port}`));
  assert.match(stderr, /port_in_use/);
  assert.ok(!existsSync(join(data, 'holdfast.lock.json')), 'the folder is free again');
});

test('a file in the place of the data folder is exit code 1 and named', LIMITS, async (t) => {
  const data = join(temporaryFolder(t), 'data');
  writeFileSync(data, 'a file');
  for (const path of [data, join(data, 'below')]) {
    const { code, stderr } = await runHoldfast(['serve', '--data', path, '--port', '0']);
    assert.equal(code, 1);
    assert.match(stderr, /data_folder_unusable/);
    assert.ok(stderr.includes(path));
  }
});

test('a data folder that this user cannot write is exit code 1 and named', LIMITS, async (t) => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
  const [program, ...words] = nobody;
  if (process.getuid?.() !== 0 || spawnSync(program, [...words, 'true']).status !== 0) {
    t.skip('NOT TESTED: running as another user needs root and setpriv');
    return;
  }
  const home = temporaryFolder(t);
  chmodSync(home, 0o755);
  const data = join(home, 'data');
  mkdirSync(data, { mode: 0o755 });
  const { code, stderr } = await runHoldfast(['serve', '--data', data, '--port', '0'], { wrapper: nobody });
  assert.equal(code, 1);
  assert.match(stderr, /data_folder_unusable/);
  assert.ok(stderr.includes(data));
});

test('a second server on a data folder names the process that has it', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  await using server = await startServer(data);
  const { code, stderr } = await runHoldfast(['serve', '--data', data, '--port', '0']);
  assert.equal(code, 1);
  assert.match(stderr, /data_folder_locked/);
  assert.match(stderr, new RegExp(`process ${server.pid}\\b`));
  assert.equal((await server.api.health()).state, 'ok', 'the first one goes on');
});

/** Answers of one command that differ from run to run. */
const VOLATILE = new Set([
  // How many documents share a commit depends on the machine.
  'sequence',
  'state_since',
  'id',
  'timings_ms',
  'elapsed_ms',
  'created_at',
  'updated_at',
  'since',
]);

function steady(json: string): unknown {
  return JSON.parse(json, (name, part: unknown) => (VOLATILE.has(name) ? undefined : part));
}

test(
  'the command line answers the same with and without a server, one JSON document each',
  LIMITS,
  async (t) => {
    const alone = temporaryFolder(t);
    const served = temporaryFolder(t);
    await using server = await startServer(served);
    const commands: readonly (readonly [code: number, ...words: string[]])[] = [
      [0, 'ingest', MANUAL, '--collection', 'manual'],
      [0, 'ask', 'What happens when the disk is full?', '--collection', 'manual'],
      [3, 'ask', 'zxqv wvutq', '--collection', 'manual'],
      [0, 'search', 'data folder', '-k', '3'],
      [3, 'search', 'zxqvwvutq', '--mode', 'lexical'],
      [0, 'collections'],
      [0, 'documents', '--collection', 'manual'],
      [0, 'documents', '--collection', 'manual', '--state', 'failed'],
      [0, 'ingest', MANUAL, '--collection', 'manual'],
    ];
    for (const [expected, ...words] of commands) {
      const runs = await Promise.all(
        [alone, served].map(async (data) => runHoldfast([...words, '--json', '--data', data])),
      );
      for (const { code, stderr } of runs) assert.equal(code, expected, `${words.join(' ')}: ${stderr}`);
      const [first, second] = runs.map(({ stdout }) => steady(stdout));
      assert.deepEqual(first, second, words.join(' '));
    }
    assert.match(server.log(), /\/ingest/, 'the second one went through the server');
  },
);

test('errors leave standard output empty, with and without a server', LIMITS, async (t) => {
  const alone = temporaryFolder(t);
  const served = temporaryFolder(t);
  await using server = await startServer(served);
  assert.ok(server.pid > 0);
  for (const [expected, code, ...words] of [
    [1, 'collection_not_found', 'ask', 'x', '--collection', 'missing'],
    [1, 'collection_not_found', 'documents', '--collection', 'missing'],
    [1, 'path_not_found', 'ingest', '/no/such/folder', '--collection', 'x'],
    [2, 'invalid_query', 'ask', 'x'.repeat(10_000)],
  ] as const) {
    for (const data of [alone, served]) {
      const finished = await runHoldfast([...words, '--json', '--data', data]);
      assert.deepEqual([finished.code, finished.stdout], [expected, ''], finished.stderr);
      assert.match(finished.stderr, new RegExp(code));
    }
  }
});

interface SlowRequest {
  /** Resolves when the server has it in flight. */
  readonly taken: Promise<unknown>;
  readonly status: Promise<number>;
  readonly finish: () => void;
}

/** A request whose body is still on its way: the server has it in flight until `finish`. */
function slowRequest(server: Server, body: string): SlowRequest {
  const sent = request(`${server.address}/api/v1/rag/query`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  const status = once(sent, 'response').then(([response]) => {
    const { statusCode } = response as { readonly statusCode: number; resume(): void };
    (response as { resume(): void }).resume();
    return statusCode;
  });
  sent.flushHeaders();
  return { taken: once(sent, 'continue'), status, finish: () => void sent.end(body) };
}

async function untilStopping(server: Server): Promise<void> {
  while (!server.log().includes('stopping')) await fetch(`${server.address}/livez`);
}

test(
  'SIGTERM finishes the request in flight and ends with exit code 0',
  { ...LIMITS, skip: noSignals },
  async (t) => {
    await using server = await startServer(temporaryFolder(t));
    await server.api.createCollection('docs');
    await server.api.submit('docs', { text: 'The ibis wades at dawn.' });
    const slow = slowRequest(server, JSON.stringify({ query: 'When does the ibis wade?' }));
    // Another request on a later connection is answered only after the slow one was taken.
    await server.api.health();
    server.signal('SIGTERM');
    await untilStopping(server);
    slow.finish();
    assert.equal(await slow.status, 200);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
  },
);

function manyFiles(t: TestContext, count: number): string {
  const folder = temporaryFolder(t);
  for (let file = 0; file < count; file++)
    writeFileSync(
      join(folder, `file-${file}.md`),
      `# File ${file}\n\n${`The gannet number ${file} dives again. `.repeat(60)}\n`,
    );
  return folder;
}

test(
  'SIGTERM during an ingest ends it, and a restart goes on where it was',
  { ...LIMITS, skip: noSignals },
  async (t) => {
    const data = temporaryFolder(t);
    const folder = manyFiles(t, 600);
    {
      await using server = await startServer(data, { environment: { HOLDFAST_DRAIN_MS: '0' } });
      await server.api.createCollection('docs');
      const running = server.api.ingest('docs', folder);
      running.catch(() => undefined);
      while ((await server.api.collection('docs')).stats.documents.ready === 0);
      server.signal('SIGTERM');
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.log());
      await assert.rejects(running);
    }
    await using server = await startServer(data);
    const job = (await server.api.jobs()).find(({ kind }) => kind === 'sync');
    assert.match(String((await server.api.send('GET', `/api/v1/rag/jobs/${job?.id}/events`)).body), /final/);
    const { documents } = (await server.api.collection('docs')).stats;
    assert.deepEqual([documents.ready, documents.pending], [600, 0], 'the job went on by itself');
    const { files } = await server.api.ingest('docs', folder);
    assert.deepEqual([files.unchanged, files.added], [600, 0]);
  },
);

test('a server that is killed leaves the data folder free for the next one', LIMITS, async (t) => {
  const data = temporaryFolder(t);
  {
    await using server = await startServer(data);
    await server.api.createCollection('docs');
    server.signal('SIGKILL');
    await server.ended;
  }
  assert.ok(
    readFileSync(join(data, 'holdfast.lock.json'), 'utf8').includes('address'),
    'what the killed one left',
  );
  const listed = await runHoldfast(['collections', '--json', '--data', data]);
  assert.equal(listed.code, 0, listed.stderr);
  await using server = await startServer(data);
  assert.equal((await server.api.collection('docs')).stats.documents.total, 0);
});

/** Runs a line of a shell in which `$HOLDFAST` is the command. */
function shell(line: string, data: string): { readonly status: number | null; readonly stderr: string } {
  const environment = plainEnvironment({
    HOLDFAST: `"${process.execPath}" "${BIN}"`,
    HOLDFAST_DATA_DIR: data,
  });
  return spawnSync('sh', ['-c', line.replaceAll('$HOLDFAST', environment['HOLDFAST'] ?? '')], {
    encoding: 'utf8',
    env: { ...environment, HOLDFAST: undefined },
  });
}

test(
  'a reader that closes its end early does not end in a stack trace',
  { ...LIMITS, skip: noSignals },
  async (t) => {
    const data = temporaryFolder(t);
    await runHoldfast(['ingest', MANUAL, '--collection', 'manual', '--data', data]);
    assert.equal(shell('$HOLDFAST search "data folder" -k 50 --json | true', data).stderr, '');
  },
);

test(
  'a result that cannot be written is exit code 1',
  { ...LIMITS, skip: !existsSync('/dev/full') && 'NOT TESTED: needs /dev/full' },
  async (t) => {
    assert.equal(shell('$HOLDFAST config > /dev/full', temporaryFolder(t)).status, 1);
  },
);

test(
  'a server goes on when nobody takes its log any more',
  { ...LIMITS, skip: !existsSync('/dev/full') && 'NOT TESTED: needs /dev/full' },
  async (t) => {
    const wrapper = ['sh', '-c', 'exec "$0" "$@" 2> /dev/full'];
    await using server = await startServer(temporaryFolder(t), { wrapper });
    await server.api.createCollection('docs');
    assert.equal((await server.api.health()).state, 'ok');
  },
);
