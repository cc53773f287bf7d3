import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  generationSchema,
  reindexStartedSchema,
  type WireGeneration,
} from '../../src/http/contract/generation.ts';
import type { Service } from '../../src/app/service.ts';
import type { WireSearch } from '../../src/http/contract/search.ts';
import { problemSchema } from '../../src/http/contract/problem.ts';
import { collectionPath, type Answer } from './api.ts';
import { runHoldfast, startServer, type Server } from './process.ts';
import { openTestService, scopeOf, temporaryFolder } from './service.ts';

const LIMITS = { timeout: 300_000 };
const SCOPE = scopeOf('docs');
const DOCS = collectionPath('docs');
const GENERATIONS = `${DOCS}/generations`;
const FILES = 240;
/** A busy test machine is no reason to refuse a question here. */
const PATIENT = { HOLDFAST_SEARCH_TIMEOUT_MS: '120000', HOLDFAST_MAX_WAITING: '10000' };

/** A folder of pages with several passages each. */
function pages(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'pages');
  mkdirSync(folder);
  for (let at = 0; at < FILES; at++) {
    const rules = Array.from(
      { length: 40 },
      (_, rule) => `Rule ${rule} of valve ${at} is kept by crew ${rule % 7}.`,
    );
    writeFileSync(join(folder, `valve-${at}.md`), `# Valve ${at}\n\n${rules.join(' ')}\n`);
  }
  return folder;
}

async function filledServer(t: TestContext, data: string): Promise<Server> {
  const server = await startServer(data, { environment: PATIENT });
  t.after(async () => server[Symbol.asyncDispose]());
  await patient(server, 'POST', '/api/v1/rag/collections', { name: 'docs' });
  const path = `${DOCS}/ingest?wait=true`;
  const { status, body } = await patient(server, 'POST', path, { paths: [pages(t)] });
  assert.equal(status, 200, JSON.stringify(body));
  return server;
}

/** A busy test machine refuses some requests as `overloaded`, which is no failure of what is tested here. */
async function patient(server: Server, method: string, path: string, body?: object): Promise<Answer> {
  for (let left = 600; ; left--) {
    const answer = await server.api.send(method, path, body === undefined ? {} : { body });
    if (answer.status !== 503 || left === 0 || problemSchema.parse(answer.body).code !== 'overloaded')
      return answer;
    await delay(100);
  }
}

async function start(server: Server, body: object): Promise<WireGeneration> {
  const answer = await patient(server, 'POST', GENERATIONS, body);
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  const { id, state, estimate, documents } = reindexStartedSchema.parse(answer.body);
  assert.equal(state, 'filling');
  assert.equal(documents.total, FILES);
  assert.ok(estimate.chunks > 0 && estimate.disk_bytes > 0 && estimate.memory_bytes > 0);
  return look(server, id);
}

async function look(server: Server, id: string): Promise<WireGeneration> {
  const answer = await patient(server, 'GET', `${GENERATIONS}/${id}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return generationSchema.parse(answer.body);
}

async function until(
  server: Server,
  id: string,
  isThere: (generation: WireGeneration) => boolean,
): Promise<WireGeneration> {
  for (let left = 6000; left > 0; left--) {
    const generation = await look(server, id);
    if (isThere(generation)) return generation;
    await delay(20);
  }
  throw new Error(`${JSON.stringify(await look(server, id))}\n${server.log()}`);
}

/** Ids of all passages that the live generation has. */
async function passages(service: Service): Promise<Set<string>> {
  const first = { limit: 1000, cursor: null };
  const { items } = await service.documents.list(SCOPE, first);
  const listed = await Promise.all(items.map(async ({ id }) => service.documents.chunks(SCOPE, id, first)));
  return new Set(listed.flatMap((page) => page.items.map(({ id }) => id)));
}

interface Seen {
  readonly generation: string;
  readonly chunks: readonly string[];
}

/** Asks without a pause until it is stopped. Every answer must be a whole one. */
class Asker {
  readonly seen: Seen[] = [];
  readonly failures: string[] = [];
  readonly #server: Server;
  readonly #running: Promise<void>;
  #isStopped = false;

  constructor(server: Server) {
    this.#server = server;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Waits for so many more answers. */
  async more(count: number): Promise<void> {
    const goal = this.seen.length + count;
    for (let left = 6000; this.seen.length < goal && this.failures.length === 0 && left > 0; left--)
      await delay(20);
  }

  async #run(): Promise<void> {
    for (let at = 0; !this.#isStopped && this.failures.length === 0; at++) {
      const query = `Which crew keeps rule ${at % 40} of valve ${at % FILES}?`;
      const body = { query, collections: ['docs'], mode: at % 4 === 0 ? 'answer' : 'search', top_k: 20 };
      const { status, body: answer } = await patient(this.#server, 'POST', '/api/v1/rag/query', body);
      const { results, retrieval } = answer as WireSearch;
      if (status !== 200 || results.length === 0) this.failures.push(JSON.stringify(answer));
      else this.seen.push({ generation: retrieval.generation, chunks: results.map((one) => one.chunk_id) });
    }
  }
}

test('no answer fails or mixes generations while one fills, goes live and goes back', LIMITS, async (t) => {
  const data = join(temporaryFolder(t), 'data');
  const seen: Seen[] = [];
  let id = '';
  {
    await using server = await filledServer(t, data);
    const askers = [new Asker(server), new Asker(server)];
    const all = async (work: (asker: Asker) => Promise<void>): Promise<void> =>
      void (await Promise.all(askers.map(work)));
    try {
      ({ id } = await start(server, { chunk_tokens: 50 }));
      const late = { id: 'late.md', text: 'The late valve has a crew of its own.' };
      assert.equal((await patient(server, 'POST', `${DOCS}/documents?wait=true`, late)).status, 201);
      const ready = await until(server, id, ({ state }) => state === 'ready');
      assert.equal(ready.report?.kind, 'sampled');
      assert.equal((await patient(server, 'POST', `${GENERATIONS}/${id}/activate`)).status, 200);
      await all(async (asker) => asker.more(10));
      assert.equal((await patient(server, 'POST', `${DOCS}/rollback`)).status, 200);
      await all(async (asker) => asker.more(10));
    } finally {
      await all(async (asker) => asker.stop());
    }
    assert.deepEqual(
      askers.flatMap(({ failures }) => failures),
      [],
    );
    seen.push(...askers.flatMap((asker) => asker.seen));
  }
  await using service = await openTestService(data);
  const known = new Map<string, Set<string>>();
  const note = async (): Promise<void> =>
    void known.set((await service.collections.get(SCOPE)).generation, await passages(service));
  await note();
  await service.reindexing.activate(SCOPE, Number(id));
  await note();
  assert.equal((await service.collections.get(SCOPE)).stats.documents.ready, FILES + 1);
  const strangers = seen.filter(({ generation, chunks }) =>
    chunks.some((one) => known.get(generation)?.has(one) !== true),
  );
  assert.deepEqual(strangers, []);
  assert.deepEqual(new Set(seen.map(({ generation }) => generation)), new Set(known.keys()));
  t.diagnostic(`${seen.length} answers`);
});

test('a generation goes on filling after kill -9, and the switch outlives one', LIMITS, async (t) => {
  const data = join(temporaryFolder(t), 'data');
  let done = 0;
  let id = '';
  {
    await using server = await filledServer(t, data);
    ({ id } = await start(server, { chunk_tokens: 50 }));
    ({ done } = (await until(server, id, ({ documents }) => documents.done > 0)).documents);
  }
  t.diagnostic(`killed at ${done} of ${FILES} documents`);
  let chunks = 0;
  {
    await using server = await startServer(data, { environment: PATIENT });
    assert.ok((await look(server, id)).documents.done >= done);
    const ready = await until(server, id, ({ state }) => state === 'ready');
    assert.deepEqual(ready.documents, { done: FILES, total: FILES, failed: 0 });
    ({ chunks } = ready);
    assert.equal((await patient(server, 'POST', `${GENERATIONS}/${id}/activate`)).status, 200);
  }
  await using service = await openTestService(data);
  assert.equal((await passages(service)).size, chunks);
  const list = await service.reindexing.list(SCOPE);
  assert.deepEqual(
    list.map(({ state }) => state),
    ['previous', 'live'],
  );
  assert.deepEqual(await service.verifyIndex(), []);
});

test('wrong requests about generations say what is wrong', LIMITS, async (t) => {
  await using server = await startServer(join(temporaryFolder(t), 'data'));
  await patient(server, 'POST', '/api/v1/rag/collections', { name: 'docs' });
  const refused = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await patient(server, method, path, body);
    return `${answer.status} ${problemSchema.parse(answer.body).code}`;
  };
  assert.equal(await refused('POST', GENERATIONS, { chunk_tokens: 5 }), '400 invalid_request');
  assert.equal(await refused('POST', GENERATIONS, { embedder: '' }), '400 invalid_request');
  assert.equal(await refused('POST', GENERATIONS, { embedder: 'nomic' }), '409 embedder_not_configured');
  assert.equal(await refused('POST', GENERATIONS, { splitter: 100 }), '400 invalid_request');
  const questions = [{ question: 'Why?', documents: ['nothing.md'] }];
  assert.equal(await refused('POST', GENERATIONS, { questions }), '404 document_not_found');
  assert.equal(
    await refused('POST', `${collectionPath('none')}/generations`, {}),
    '404 collection_not_found',
  );
  assert.equal(await refused('GET', `${GENERATIONS}/7`), '404 generation_not_found');
  assert.equal(await refused('POST', `${GENERATIONS}/x/activate`), '404 generation_not_found');
  assert.equal(await refused('POST', `${DOCS}/rollback`), '404 generation_not_found');
  assert.equal(await refused('GET', '/api/v1/rag/collections/docs@1'), '404 collection_not_found');
});

test('holdfast collections reindexes, lists, switches, goes back and discards', LIMITS, async (t) => {
  const data = join(temporaryFolder(t), 'data');
  const folder = pages(t);
  const questions = join(folder, '..', 'questions.jsonl');
  const document = join(folder, 'valve-3.md');
  writeFileSync(
    questions,
    `${JSON.stringify({ question: 'Who keeps rule 1 of valve 3?', documents: [document] })}\n`,
  );
  const run = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHoldfast([...words, '--data', data]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await run('ingest', document, '--collection', 'docs');
  const made = await run(
    'collections',
    'reindex',
    'docs',
    '--splitter',
    '50',
    '--analyzer',
    'en',
    '--embedder',
    'none',
    '--questions',
    questions,
    '--json',
  );
  const { id, report } = generationSchema.parse(JSON.parse(made));
  assert.deepEqual([report?.kind, report?.candidate.hits_at_1], ['judged', 1]);
  assert.match(
    await run('collections', 'activate', 'docs', id),
    /live, 1 documents, .*\(50-piece passages, language en, no vectors\)/,
  );
  const twice = ['collections', 'reindex', 'docs', '--analyzer', 'de', '--language', 'fr', '--data', data];
  assert.equal((await runHoldfast(twice)).code, 2);
  assert.match(await run('collections', 'rollback', 'docs'), /live, 1 documents/);
  assert.match(
    await run('collections', 'generations', 'docs'),
    new RegExp(`generation ${id}: previous.*kept until`),
  );
  assert.match(await run('collections', 'discard', 'docs', id), new RegExp(`deleted generation ${id}`));
});
