import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GENERATION, openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { catalogScan } from '../../adapters/chunk-index/catalog-scan.ts';
import { indexLimit, lostIndex } from '../../app/lost-index.ts';
import { systemClock } from '../../lib/clock.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { SimulatedTime } from '../../../test/simulation/simulated-time.ts';
import { publicName } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import type { SearchedIndex } from './limited-index.ts';
import { createRetrieve, type Retrieval } from './retrieve.ts';
import type { SearchRequest } from './search.ts';

const docs = scopeOf('docs');
const more = scopeOf('more');

async function lost(): Promise<never> {
  throw new RangeError('out of bounds');
}

async function never(): Promise<never> {
  return new Promise(() => undefined);
}

const LOST: SearchedIndex = {
  lexical: lost,
  dense: lost,
  denseEncoded: lost,
  lexicalScores: lost,
  denseScores: lost,
  encodedScores: lost,
  encoded: lost,
};

interface Asked {
  readonly index?: SearchedIndex;
  readonly request?: Partial<SearchRequest>;
  readonly signal?: AbortSignal;
  readonly time?: SimulatedTime;
}

async function ask(library: TestLibrary, query: string, asked: Asked = {}): Promise<Retrieval> {
  const { catalog, embedder } = library;
  const { index = LOST, request = {}, signal = new AbortController().signal, time } = asked;
  const retrieve = createRetrieve({
    catalog,
    index,
    embedder,
    lostIndex: lostIndex(catalogScan({ source: catalog }), time),
    limitIndex: indexLimit(time),
    clock: systemClock,
    newId: () => 'id',
  });
  const { tenant, collection } = docs;
  return retrieve(
    { tenant, query, collections: [collection], filter: {}, topK: 10, mode: 'hybrid', ...request },
    signal,
  );
}

async function shelf(): Promise<TestLibrary> {
  const library = await openLibrary();
  for (const scope of [docs, more]) {
    await library.createCollection(scope);
    for (const drink of ['coffee', 'tea', 'water', 'juice'])
      await library.put(scope, drink, `# About ${drink}\n\nThe bar serves fresh ${drink} all day.`, {
        drink,
      });
  }
  return library;
}

function said({ degraded }: Retrieval): string[] {
  return degraded.map(({ component, mode, reason }) => `${component}=${mode}: ${reason}`);
}

describe('a question whose index is lost', () => {
  it('is answered from the catalog as the index would by words', async () => {
    await using library = await shelf();
    for (const mode of ['hybrid', 'dense', 'lexical'] as const) {
      const found = await ask(library, 'fresh tea', { request: { mode } });
      const expected = await ask(library, 'fresh tea', {
        index: library.index,
        request: { mode: 'lexical' },
      });
      assert.deepEqual(
        found.passages.map(({ ranked }) => [ranked.chunkId, ranked.score]),
        expected.passages.map(({ ranked }) => [ranked.chunkId, ranked.score]),
      );
      assert.equal(found.mode, 'lexical');
      assert.equal(found.embeddingModel, null);
      assert.equal(found.generation, GENERATION);
      assert.deepEqual(said(found), ['index=catalog_scan: out of bounds']);
      assert.deepEqual(
        [...found.words.keys()].map(({ collection }) => publicName(collection)),
        ['docs'],
      );
    }
  });

  it('keeps to the filter', async () => {
    await using library = await shelf();
    const filter = { drink: { kind: 'equals', value: 'water' } } as const;
    const found = await ask(library, 'fresh', { request: { filter } });
    assert.deepEqual(
      found.passages.map(({ chunk }) => chunk.title),
      ['About water'],
    );
  });

  it('reads only the collection whose index is lost', async () => {
    await using library = await shelf();
    const index: SearchedIndex = {
      ...library.index,
      lexical: async (scope, ...rest) =>
        publicName(scope.collection) === 'docs' ? lost() : library.index.lexical(scope, ...rest),
      dense: async (scope, ...rest) =>
        publicName(scope.collection) === 'docs' ? lost() : library.index.dense(scope, ...rest),
    };
    const collections = [docs.collection, more.collection];
    const found = await ask(library, 'fresh tea', { index, request: { collections } });
    assert.deepEqual(
      found.passages
        .slice(0, 2)
        .map(({ ranked, chunk }) => [publicName(ranked.scope.collection), chunk.title])
        .toSorted(),
      [
        ['docs', 'About tea'],
        ['more', 'About tea'],
      ],
    );
    assert.deepEqual(
      [...found.words.keys()].map(({ collection }) => publicName(collection)),
      ['docs'],
    );
  });

  it('says nothing of the index when that works again by then', async () => {
    await using library = await shelf();
    let calls = 0;
    const index: SearchedIndex = {
      ...LOST,
      lexical: async (...asked) => (++calls === 1 ? lost() : library.index.lexical(...asked)),
    };
    const collections = [docs.collection, more.collection];
    const found = await ask(library, 'fresh tea', { index, request: { collections } });
    assert.deepEqual(said(found), ['dense=lexical_only: out of bounds']);
    assert.deepEqual(said(await ask(library, 'tea', { index: library.index })), []);
  });

  it('is answered in time when the index hangs, whether or not that listens', async () => {
    await using library = await shelf();
    const time = new SimulatedTime();
    using deadline = new Deadline({ afterMs: 10_000, time, reserveMs: 500 });
    const index = { ...LOST, lexical: never, dense: never };
    const found = await time.until(ask(library, 'fresh tea', { index, time, signal: deadline.signal }));
    assert.ok(found.passages.length > 0);
    assert.deepEqual(said(found), ['index=catalog_scan: the index timed out after 2000 ms']);
    assert.ok(time.monotonic() < 10_000);
    deadline[Symbol.dispose]();
    // The one timer of all deadlines runs out.
    await time.advance(10_000);
    assert.equal(time.pendingTimers, 0);
  });

  it('is answered from what could be read before the reserve of its deadline', async () => {
    await using library = await shelf();
    const time = new SimulatedTime();
    using deadline = new Deadline({ afterMs: 1000, time, reserveMs: 500 });
    let read = 0;
    const source = {
      async *versionsSince(...asked: Parameters<TestLibrary['catalog']['versionsSince']>) {
        for await (const version of library.catalog.versionsSince(...asked)) {
          yield version;
          if (++read === 2) await time.sleep(600);
        }
      },
    };
    const retrieve = createRetrieve({
      catalog: library.catalog,
      index: LOST,
      embedder: library.embedder,
      lostIndex: lostIndex(catalogScan({ source }), time),
      clock: systemClock,
      newId: () => 'id',
    });
    const request = {
      ...docs,
      query: 'fresh',
      collections: [docs.collection],
      filter: {},
      topK: 9,
      mode: 'hybrid',
    } as const;
    const found = await time.until(retrieve(request, deadline.signal));
    assert.equal(found.passages.length, 2);
    assert.deepEqual(said(found), [
      'index=catalog_scan: out of bounds; the time was up after 2 passages of "docs"',
    ]);
  });

  it('is refused with `overloaded` when too many others read the catalog', async () => {
    const time = new SimulatedTime();
    const { scan } = lostIndex(async () => new Promise(() => undefined), time);
    const { signal } = new AbortController();
    const request = { query: 'fresh', filter: {}, limit: 10 };
    const scans = Array.from({ length: 17 }, async () => scan(docs, request, signal));
    const refused = await time.until(Promise.race(scans).catch((error: unknown) => error));
    assert.ok(refused instanceof HoldfastError && refused.code === 'overloaded');
    for (const one of scans) one.catch(() => undefined);
    await time.advance(3000);
  });
});
