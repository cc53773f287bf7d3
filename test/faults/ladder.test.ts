import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { sqliteCatalog } from '../../src/adapters/catalog/sqlite.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { createOriginals } from '../../src/core/documents/originals.ts';
import { createWriteItems } from '../../src/core/ingest/write-items.ts';
import { createRetrieve, createSearch } from '../../src/core/retrieval/retrieve.ts';
import type { WireAsk } from '../../src/http/contract/search.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createMutex } from '../../src/lib/mutex.ts';
import { NEVER } from '../end-to-end/service.ts';
import { openLibrary, scopeOf } from '../library.ts';
import { until } from '../matrix/until.ts';
import {
  ALL_MODELS,
  assertVerbatim,
  COLLECTION,
  encoded,
  openLadderRig,
  type Asked,
  type LadderRig,
} from './ladder-rig.ts';

const TEXT = [
  '# Operations',
  'Backups run daily at 02:00. They are kept for 30 days.',
  'The server listens on port 8600.',
  'Restores are rehearsed every Monday by the platform team.',
].join('\n\n');
const OTHER = '# Kitchen\n\nThe coffee machine is cleaned every evening by the last one who leaves.';
/** In letters that the built-in model does not know. */
const AMHARIC = 'ምትኬ በየቀኑ ሌሊት ይሠራል።';
const BROKEN = { status: 500 } as const;

/** What an answer says of itself. */
interface Expected {
  readonly degraded: readonly string[];
  readonly retrieval: WireAsk['retrieval']['mode'];
  /** The embedding model that served. */
  readonly model: string | null;
  readonly answer: WireAsk['answer']['mode'];
}

/** One row of the ladder: what is broken, and what the answer says of it. */
interface Row extends Expected {
  readonly title: string;
  readonly break: (rig: LadderRig) => void | Promise<void>;
  readonly question?: string;
}

const WHOLE = { retrieval: 'hybrid', model: 'all-minilm', answer: 'generated' } as const;

const STATIC = 'holdfast-static-en-v1';
let asked = 0;
/** A question that no vector is remembered of. */
function fresh(): string {
  return `When do backups run daily? Ticket ${++asked}`;
}

const ROWS: readonly Row[] = [
  {
    title: 'nothing lost: hybrid, reranked, generated',
    break: () => undefined,
    degraded: [],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'generated',
  },
  {
    title: 'embedder lost, the question was asked before: its vector is remembered',
    break: async (rig) => {
      await rig.ask('When do backups run?');
      rig.embedder.set(BROKEN);
    },
    question: 'When do backups run?',
    degraded: [],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'generated',
  },
  {
    title: 'embedder lost: the static vectors serve',
    break: (rig) => rig.embedder.set(BROKEN),
    degraded: ['embedding=static_vectors'],
    retrieval: 'hybrid',
    model: STATIC,
    answer: 'generated',
  },
  {
    title: 'embedder lies about its dimensions: its vector meets no index',
    break: (rig) => rig.embedder.set({ embeddings: 'wrong_dimension' }),
    degraded: ['embedding=static_vectors'],
    retrieval: 'hybrid',
    model: STATIC,
    answer: 'generated',
  },
  {
    title: 'embedder and static vectors lost: words alone',
    break: (rig) => {
      rig.embedder.set(BROKEN);
      rig.say(`${AMHARIC.slice(0, -1)} [1].`);
    },
    question: 'ምትኬ ይሠራል',
    degraded: ['embedding=lexical_only'],
    retrieval: 'lexical',
    model: null,
    answer: 'generated',
  },
  {
    title: 'generator lost: extractive',
    break: (rig) => rig.generator.set(BROKEN),
    degraded: ['generator=extractive'],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'extractive',
  },
  {
    title: 'generator slow to its first token: extractive',
    break: (rig) => rig.generator.set({ hangs: true }),
    degraded: ['generator=extractive'],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'extractive',
  },
  {
    title: 'generator stalled mid-stream: extractive',
    break: (rig) => rig.generator.set({ breakAfterTokens: 3, breakWith: 'stall' }),
    degraded: ['generator=extractive'],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'extractive',
  },
  {
    title: 'generator not grounded in the passages: extractive',
    break: (rig) => rig.say('The moon is made of green cheese, as everybody knows.'),
    degraded: ['generator=extractive'],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'extractive',
  },
  {
    title: 'reranker lost: the fused order',
    break: (rig) => rig.reranker.set(BROKEN),
    degraded: ['reranker=fused_order'],
    retrieval: 'hybrid',
    model: 'all-minilm',
    answer: 'generated',
  },
  {
    title: 'embedder and generator lost: static vectors and extractive',
    break: (rig) => {
      rig.embedder.set(BROKEN);
      rig.generator.set(BROKEN);
    },
    degraded: ['embedding=static_vectors', 'generator=extractive'],
    retrieval: 'hybrid',
    model: STATIC,
    answer: 'extractive',
  },
  {
    title: 'every model lost: all three said',
    break: (rig) => {
      for (const model of [rig.embedder, rig.generator, rig.reranker]) model.set(BROKEN);
    },
    degraded: ['embedding=static_vectors', 'reranker=fused_order', 'generator=extractive'],
    retrieval: 'hybrid',
    model: STATIC,
    answer: 'extractive',
  },
];

function assertRow({ degraded, retrieval, model, answer }: Expected, { status, header, body }: Asked): void {
  assert.equal(status, 200);
  const modes = body.degraded.map(({ component, mode }) => `${component}=${mode}`);
  assert.deepEqual(modes, degraded, JSON.stringify(body.degraded));
  assert.equal(header, degraded.length === 0 ? null : degraded.join(', '));
  assert.deepEqual(
    [body.retrieval.mode, body.retrieval.embedding_model, body.answer.mode],
    [retrieval, model, answer],
  );
  assert.equal(body.staleness_seconds, undefined);
}

describe('the ladder: models', () => {
  let rig: LadderRig;
  before(async () => {
    rig = await openLadderRig(ALL_MODELS);
    await rig.api.createCollection(COLLECTION);
    const texts = { ops: TEXT, kitchen: OTHER, amharic: AMHARIC };
    for (const [id, text] of Object.entries(texts))
      assert.equal((await rig.api.submit(COLLECTION, { id, text, format: 'markdown' })).status, 201);
    await encoded(rig);
  });
  beforeEach(() => rig.heal());
  after(async () => rig[Symbol.asyncDispose]());

  for (const row of ROWS) {
    test(row.title, async () => {
      await row.break(rig);
      const asked = await rig.ask(row.question ?? fresh());
      assertRow(row, asked);
      await assertVerbatim(rig, asked.body);
    });
  }

  test('generator stalled mid-stream: the client is told to replace what it has', async () => {
    rig.generator.set({ breakAfterTokens: 3, breakWith: 'stall' });
    const events = await rig.stream(fresh());
    const names = events.map(({ event }) => event);
    const degraded = names.indexOf('degraded');
    assert.ok(names.indexOf('delta') < degraded, `tokens came before: ${names.join(' ')}`);
    const after = events.slice(degraded + 1).filter(({ event }) => event === 'delta');
    const final = events.at(-1)?.data as WireAsk;
    assert.equal(final.answer.mode, 'extractive');
    assert.equal(after.map(({ data }) => (data as { text: string }).text).join(''), final.answer.text);
    await assertVerbatim(rig, final);
  });

  test('every model lost and healed: the answer is whole again', async () => {
    for (const model of [rig.embedder, rig.generator, rig.reranker]) model.set(BROKEN);
    for (let at = 0; at < 8; at++) await rig.ask(fresh());
    assert.ok(rig.service.breakers.list().some(({ state }) => state === 'open'));
    rig.heal();
    assertRow({ ...WHOLE, degraded: [] }, await rig.ask(fresh()));
  });
});

/** How often an index file was found damaged. */
function damages({ events }: LadderRig): number {
  return events.filter(({ event }) => event === 'index_snapshot_damaged').length;
}

/** So many passages that an index of them is not built while a question waits. */
const MANY = 1200;
/** Long enough that they do not fit into the memory for indexes beside others. */
const SHORE = 'It walked along the shore at low tide and looked for worms in the mud. '.repeat(8);

describe('the ladder: index and catalog', () => {
  let rig: LadderRig;
  before(async () => {
    rig = await openLadderRig({
      HOLDFAST_GENERATOR: 'openai',
      HOLDFAST_GENERATION_MODEL: 'tiny',
      HOLDFAST_INDEX_MEMORY_BYTES: `${2 ** 20}`,
    });
    const records = Array.from({ length: MANY }, (_, at) =>
      JSON.stringify({ id: `${at}`, text: `The curlew number ${at} was counted. ${SHORE}` }),
    );
    const texts = [
      { id: 'ops', text: TEXT, format: 'markdown' },
      { id: 'birds', text: records.join('\n'), format: 'jsonl' },
    ];
    for (const name of [COLLECTION, 'small']) await rig.api.createCollection(name);
    for (const text of texts) assert.equal((await rig.api.submit(COLLECTION, text)).status, 201);
    assert.equal((await rig.api.submit('small', { id: 'kitchen', text: OTHER })).status, 201);
  });
  beforeEach(() => rig.heal());
  after(async () => rig[Symbol.asyncDispose]());

  /** The collection leaves memory, and its file is no index any more. */
  async function damage(): Promise<void> {
    await rig.api.search('small', 'coffee');
    const files = globSync(join(rig.folder, 'index/*.index'));
    assert.ok(files.length > 0);
    for (const file of files) writeFileSync(file, 'not an index');
  }

  async function rebuilt(): Promise<void> {
    await until('the index is there again', async () => (await rig.ask(fresh())).body.degraded.length === 0);
  }

  const LOST: readonly (Expected & { readonly title: string; readonly break: (rig: LadderRig) => void })[] = [
    {
      title: 'index partition lost: words straight from the catalog, and it is rebuilt behind',
      break: () => undefined,
      degraded: ['index=catalog_scan'],
      retrieval: 'lexical',
      model: null,
      answer: 'generated',
    },
    {
      title: 'index partition and generator lost: words from the catalog, and extractive',
      break: ({ generator }) => generator.set(BROKEN),
      degraded: ['index=catalog_scan', 'generator=extractive'],
      retrieval: 'lexical',
      model: null,
      answer: 'extractive',
    },
  ];
  for (const row of LOST) {
    test(row.title, async () => {
      const whole = await rig.ask('When do backups run?');
      await damage();
      row.break(rig);
      const asked = await rig.ask('When do backups run?');
      assertRow(row, asked);
      assert.match(asked.body.degraded[0]?.reason ?? '', /is being built/);
      await assertVerbatim(rig, asked.body);
      assert.equal(asked.body.results[0]?.chunk_id, whole.body.results[0]?.chunk_id);
      rig.heal();
      await rebuilt();
      assert.deepEqual(await rig.service.verifyIndex(), []);
    });
  }

  test('index partition lost: many questions at once build it once', async () => {
    await damage();
    const before = damages(rig);
    const answers = await Promise.all(Array.from({ length: 6 }, async () => rig.ask(fresh())));
    assert.ok(answers.every(({ status }) => status === 200));
    await rebuilt();
    assert.equal(damages(rig), before + 1);
  });
});

describe('the ladder: an outage is answered from memory', () => {
  test('with the age of the answer, and no degraded answer is remembered', async () => {
    await using rig = await openLadderRig({
      HOLDFAST_GENERATOR: 'openai',
      HOLDFAST_GENERATION_MODEL: 'tiny',
      HOLDFAST_CACHE_BYTES: `${2 ** 20}`,
    });
    await rig.api.createCollection(COLLECTION);
    assert.equal(
      (await rig.api.submit(COLLECTION, { id: 'ops', text: TEXT, format: 'markdown' })).status,
      201,
    );
    const question = fresh();
    rig.generator.set(BROKEN);
    for (const cache of ['miss', 'miss']) {
      const { body } = await rig.ask(question);
      assert.deepEqual([body.cache, body.answer.mode], [cache, 'extractive']);
    }
    rig.heal();
    for (const cache of ['miss', 'hit']) {
      const { body } = await rig.ask(question);
      assert.deepEqual([body.cache, body.answer.mode, body.degraded], [cache, 'generated', []]);
    }
  });
});

describe('the ladder: a catalog that can only be read', () => {
  test('answers go on, and writes are refused with a typed error', async () => {
    await using library = await openLibrary();
    const scope = scopeOf(COLLECTION);
    await library.createCollection(scope);
    await library.put(scope, 'ops', TEXT);
    const path = join(library.folder, 'catalog.db');
    await using catalog = sqliteCatalog({ path, clock: systemClock, isReadOnly: true });
    await using index = library.openIndex({ source: catalog });
    const retrieve = createRetrieve({
      catalog,
      index,
      embedder: library.embedder,
      clock: systemClock,
      newId: () => 'id',
    });
    const { results, degraded } = await createSearch(retrieve)(
      {
        ...scope,
        query: 'When do backups run?',
        collections: [scope.collection],
        filter: {},
        topK: 5,
        mode: 'hybrid',
      },
      NEVER,
    );
    assert.match(results[0]?.text ?? '', /02:00/);
    assert.deepEqual(degraded, []);
    const originals = createOriginals({ blobs: library.blobs, isUsed: async () => true });
    const write = createWriteItems({ catalog, originals, index, mutex: createMutex() });
    const collection = await catalog.getCollection(scope);
    assert.ok(collection);
    const problem = { code: 'document_empty', reason: 'nothing' } as const;
    const broken = {
      origin: 'api',
      item: 'new',
      name: 'new',
      sizeBytes: 0,
      state: 'failed',
      problem,
    } as const;
    await assert.rejects(
      write(collection, { items: [], problems: [broken], deletions: [] }),
      (error) =>
        error instanceof HoldfastError &&
        error.code === 'storage_failed' &&
        /can only be read/.test(error.message),
    );
    assert.equal((await catalog.health()).writable, false);
    assert.equal((await catalog.health()).readable, true);
  });
});
