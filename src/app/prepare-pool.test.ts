import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { GENERATION, scopeOf } from '../../test/library.ts';
import type { PrepareInput, PreparedItem } from '../core/ingest/prepare.ts';
import { sha256Hex } from '../lib/hash.ts';
import { MODEL_FOLDER } from './package-folders.ts';
import { preparePool, type PreparePool, type PreparePoolOptions } from './prepare-pool.ts';

const NEVER = new AbortController().signal;
const LONG_MS = 60_000;

function input(name: string, text = `# About ${name}\n\nA text about ${name}.`): PrepareInput {
  return {
    scope: scopeOf('docs'),
    item: name,
    name,
    bytes: Buffer.from(text),
    format: null,
    mediaType: null,
    title: null,
    uri: null,
    fallbackUri: null,
    metadata: {},
    language: 'en',
    generation: GENERATION,
    chunkTokens: 200,
  };
}

function openPool(threads: number): PreparePool {
  return preparePool({ threads, modelFolder: MODEL_FOLDER, timeoutMs: LONG_MS, heapMegabytes: 256 });
}

function hostilePool(options: Partial<PreparePoolOptions> = {}): PreparePool {
  const script = new URL('../../test/hostile-thread.ts', import.meta.url);
  return preparePool({
    threads: 1,
    modelFolder: MODEL_FOLDER,
    timeoutMs: LONG_MS,
    heapMegabytes: 64,
    script,
    ...options,
  });
}

function problemsOf({ problems }: PreparedItem): string[] {
  return problems.map(({ recordKey, code, reason }) => `${recordKey} ${code} ${reason}`);
}

describe('the pool of preparing threads', () => {
  it('prepares items as the thread would alone', async () => {
    await using pool = openPool(2);
    const items = ['one.md', 'two.md', 'three.md', 'four.md', 'five.md'];
    const prepared = await Promise.all(items.map(async (name) => pool.prepare(input(name), NEVER)));
    assert.deepEqual(
      prepared.map(({ documents }) => documents[0]?.title),
      items.map((name) => `About ${name}`),
    );
    for (const { documents, contentHash, problems } of prepared) {
      assert.match(contentHash, /^[0-9a-f]{64}$/);
      assert.deepEqual(problems, []);
      const [vector] = documents[0]?.version.vectors ?? [];
      assert.ok(vector && vector.scale > 0 && vector.values.length === 256);
    }
    const broken = await pool.prepare(input('empty.md', ''), NEVER);
    assert.deepEqual(problemsOf(broken), ['null document_empty empty.md has 0 bytes']);
  });

  it('hands over the vectors of a document in one buffer, not one by one', async () => {
    await using pool = openPool(1);
    const text = Array.from({ length: 1000 }, (_, at) => `Paragraph ${at} is about number ${at}.`.repeat(12));
    const { documents } = await pool.prepare(input('many.txt', text.join('\n\n')), NEVER);
    const vectors = documents[0]?.version.vectors ?? [];
    assert.ok(vectors.length > 256, `${vectors.length} vectors`);
    assert.equal(new Set(vectors.map(({ values }) => values.buffer)).size, 1);
    assert.ok(vectors.every(({ values, scale }) => scale > 0 && values.some((value) => value !== 0)));
  });

  it(
    'lets searches go first: its threads have a lower priority than the others',
    {
      skip: process.platform === 'linux' ? false : 'only Linux gives threads priorities of their own',
    },
    async () => {
      const before = getPriority();
      await using pool = openPool(1);
      await pool.prepare(input('one.md'), NEVER);
      const priorities = readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread)));
      assert.equal(getPriority(), before);
      assert.ok(priorities.includes(5), `there are only priorities ${[...new Set(priorities)].join(', ')}`);
    },
  );

  it('ends a thread that hangs: its item fails, the others go on', async () => {
    await using pool = hostilePool({ timeoutMs: 2000 });
    const [before, hung, after] = await Promise.all(
      ['fine', 'hang', 'fine'].map(async (name) => pool.prepare(input(name), NEVER)),
    );
    assert.ok(before && hung && after);
    assert.deepEqual(problemsOf(hung), ['null document_timeout hang was not parsed within 2000 ms']);
    assert.equal(hung.contentHash, sha256Hex(input('hang').bytes));
    assert.deepEqual([before.problems, after.problems], [[], []]);
    assert.notEqual(before.contentHash, after.contentHash, 'another thread');
  });

  for (const [name, reason] of [
    ['throw', 'a parser threw'],
    ['reject', 'nobody awaited this'],
    ['exit', 'it ended its thread with exit code 3'],
    ['fill', 'Worker terminated due to reaching memory limit'],
  ] as const)
    it(`replaces a thread that an item crashes: ${name}`, async () => {
      await using pool = hostilePool();
      const [broken, after] = await Promise.all([
        pool.prepare(input(name), NEVER),
        pool.prepare(input('fine'), NEVER),
      ]);
      const [problem] = problemsOf(broken);
      assert.ok(problem?.startsWith(`null document_crashes ${name} could not be parsed: ${reason}`), problem);
      assert.deepEqual(after.problems, []);
    });

  it('loses no item that lay ready before or behind the one that crashes', async () => {
    await using pool = hostilePool();
    const names = ['fine', 'fine', 'throw', 'fine', 'exit', 'fine'];
    const prepared = await Promise.all(names.map(async (name) => pool.prepare(input(name), NEVER)));
    assert.deepEqual(
      prepared.map(({ problems }) => problems[0]?.code ?? 'fine'),
      ['fine', 'fine', 'document_crashes', 'fine', 'document_crashes', 'fine'],
    );
  });

  it('keeps its thread for the next item', async () => {
    await using pool = hostilePool();
    const first = await pool.prepare(input('fine'), NEVER);
    const second = await pool.prepare(input('fine'), NEVER);
    assert.equal(first.contentHash, second.contentHash);
  });

  it('uses as many threads as it may, no more', async () => {
    await using pool = hostilePool({ threads: 2 });
    const prepared = await Promise.all(
      Array.from({ length: 12 }, async () => pool.prepare(input('fine'), NEVER)),
    );
    assert.equal(new Set(prepared.map(({ contentHash }) => contentHash)).size, 2);
  });

  it('does not begin what was aborted before its turn', async () => {
    await using pool = hostilePool({ timeoutMs: 2000 });
    const controller = new AbortController();
    const running = pool.prepare(input('hang'), NEVER);
    const waiting = pool.prepare(input('throw'), controller.signal);
    const last = pool.prepare(input('fine'), NEVER);
    controller.abort(new Error('the client is gone'));
    await assert.rejects(waiting, /the client is gone/);
    assert.deepEqual((await last).problems, []);
    assert.equal((await running).problems.length, 1);
    await assert.rejects(pool.prepare(input('fine'), controller.signal), /the client is gone/);
  });

  it('refuses what runs, what waits and what comes once it is closed', async () => {
    const pool = hostilePool();
    const all = ['hang', 'fine'].map(async (name) => pool.prepare(input(name), NEVER));
    const refused = Promise.all(all.map(async (one) => assert.rejects(one, { code: 'shutting_down' })));
    await pool[Symbol.asyncDispose]();
    await refused;
    await assert.rejects(pool.prepare(input('fine'), NEVER), { code: 'shutting_down' });
    await pool[Symbol.asyncDispose]();
  });
});
