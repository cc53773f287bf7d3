import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GENERATION, openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { systemClock } from '../../lib/clock.ts';
import type { CollectionName, Scope } from '../documents/ids.ts';
import { createRetrieve, createSearch, type RetrievalDependencies } from './retrieve.ts';
import type { SearchRequest, SearchResponse } from './search.ts';

const docs = scopeOf('docs');

interface Asked {
  readonly request?: Partial<SearchRequest>;
  readonly dependencies?: Partial<RetrievalDependencies>;
  readonly signal?: AbortSignal;
}

async function search(library: TestLibrary, query: string, asked: Asked = {}): Promise<SearchResponse> {
  const { catalog, index, embedder } = library;
  const retrieve = createRetrieve({
    catalog,
    index,
    embedder,
    clock: systemClock,
    newId: () => 'the-id',
    ...asked.dependencies,
  });
  const { tenant, collection } = docs;
  return createSearch(retrieve)(
    { tenant, query, collections: [collection], filter: {}, topK: 10, mode: 'hybrid', ...asked.request },
    asked.signal ?? new AbortController().signal,
  );
}

async function menu(scope: Scope = docs, into?: TestLibrary): Promise<TestLibrary> {
  const library = into ?? (await openLibrary());
  await library.createCollection(scope);
  for (const drink of ['coffee', 'tea', 'water', 'juice', 'milk'])
    await library.put(scope, drink, `# About ${drink}\n\nThe bar serves fresh ${drink} all day.`, { drink });
  return library;
}

function titles(response: SearchResponse): string[] {
  return response.results.map(({ title }) => title);
}

describe('a search', () => {
  it('returns ranked passages with all that a reader needs', async () => {
    await using library = await menu();
    const response = await search(library, 'fresh tea');
    const [first] = response.results;
    assert.ok(first);
    assert.equal(first.title, 'About tea');
    assert.equal(first.collection, 'docs');
    assert.equal(first.chunkId, `${first.documentVersion}-0`);
    const text = await library.catalog.versionText(docs, first.documentVersion);
    assert.equal(text?.slice(first.start, first.end), first.text);
    assert.deepEqual(
      response.results.map(({ rank }) => rank),
      [1, 2, 3, 4, 5],
    );
    const scores = response.results.map(({ score }) => score);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    assert.deepEqual([response.id, response.query], ['the-id', 'fresh tea']);
    const embeddingModel = library.embedder.profile.model;
    assert.deepEqual(response.retrieval, { mode: 'hybrid', generation: GENERATION, embeddingModel });
    assert.deepEqual(response.degraded, []);
    for (const stage of ['embed', 'lexical', 'dense', 'fuse', 'hydrate', 'total'])
      assert.ok((response.timingsMs[stage] ?? -1) >= 0, stage);
  });

  it('returns at most so many', async () => {
    await using library = await menu();
    for (const topK of [1, 3, 100])
      assert.equal((await search(library, 'fresh', { request: { topK } })).results.length, Math.min(5, topK));
  });

  it('has the scores of the one side in lexical and dense mode', async () => {
    await using library = await menu();
    const { index, embedder } = library;
    const { signal } = new AbortController();
    const vector = await embedder.embedQuery('fresh tea', signal);
    assert.ok(vector);
    for (const [mode, expected] of [
      ['lexical', await index.lexical(docs, { query: 'fresh tea', filter: {}, limit: 100 }, signal)],
      ['dense', await index.dense(docs, { query: vector, filter: {}, limit: 100 }, signal)],
    ] as const) {
      const { results, retrieval } = await search(library, 'fresh tea', { request: { mode } });
      assert.equal(retrieval.mode, mode);
      assert.deepEqual(
        results.map(({ chunkId, score }) => ({ chunkId, score })).toSorted(byId),
        expected.toSorted(byId),
      );
    }
  });

  it('weighs by the profile of the model, or as it is told', async () => {
    await using library = await menu();
    const lexical = await search(library, 'fresh tea', { dependencies: { fusionWeight: 0 } });
    assert.equal(lexical.results[0]?.score, 1, 'the share of the best lexical score');
    const dense = await search(library, 'fresh tea', { dependencies: { fusionWeight: 1 } });
    const alone = await search(library, 'fresh tea', { request: { mode: 'dense' } });
    assert.deepEqual(
      dense.results.map(({ score }) => score),
      alone.results.map(({ score }) => score),
    );
    const { fusionWeight } = library.embedder.profile;
    const mixed =
      (lexical.results[0]?.score ?? 0) * (1 - fusionWeight) + fusionWeight * (dense.results[0]?.score ?? 0);
    const standard = await search(library, 'fresh tea');
    assert.ok(Math.abs((standard.results[0]?.score ?? 0) - mixed) < 1e-9);
  });

  it('names what failed and what was done instead', async () => {
    await using library = await menu();
    const clock = { now: () => 0, monotonic: () => 0 };
    const embedder = {
      ...library.embedder,
      embedQuery: async (): Promise<never> => {
        throw new Error('timeout after 2000 ms');
      },
    };
    const { results, retrieval, degraded } = await search(library, 'tea', {
      dependencies: { embedder, clock },
    });
    assert.equal(retrieval.mode, 'lexical');
    assert.deepEqual(titles({ results } as SearchResponse), ['About tea']);
    assert.deepEqual(degraded, [
      {
        component: 'embedding',
        mode: 'lexical_only',
        reason: 'timeout after 2000 ms',
        since: '1970-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('passes over chunks that were replaced meanwhile and fills up with the next', async () => {
    await using library = await menu();
    const { results: before } = await search(library, 'fresh tea');
    const gone = new Set(before.slice(0, 3).map(({ chunkId }) => chunkId));
    const catalog: RetrievalDependencies['catalog'] = {
      getCollection: library.catalog.getCollection,
      sketchesOf: library.catalog.sketchesOf,
      hydrate: async (scope, ids) =>
        (await library.catalog.hydrate(scope, ids)).map((chunk) =>
          chunk !== null && gone.has(chunk.id) ? null : chunk,
        ),
    };
    const after = await search(library, 'fresh tea', { dependencies: { catalog }, request: { topK: 2 } });
    assert.deepEqual(
      titles(after),
      before.slice(3, 5).map(({ title }) => title),
    );
    assert.deepEqual(
      after.results.map(({ rank }) => rank),
      [1, 2],
    );
  });

  it('leaves out near duplicates of better documents when that is asked for', async () => {
    await using library = await menu();
    const opening = Array.from({ length: 80 }, (_, at) => `line ${at}`).join(' ');
    for (const key of ['one', 'two', 'three'])
      await library.put(docs, key, `# Opening hours\n\nThe terrace opens at nine. ${opening} ${key}`);
    const query = 'When does the terrace open?';
    const all = await search(library, query);
    const distinct = await search(library, query, { request: { distinct: true } });
    const documents = new Set(
      all.results.filter(({ title }) => title === 'Opening hours').map((r) => r.documentId),
    );
    assert.equal(documents.size, 3);
    const kept = new Set(
      distinct.results.filter(({ title }) => title === 'Opening hours').map((r) => r.documentId),
    );
    assert.deepEqual([...kept], [all.results[0]?.documentId]);
    assert.deepEqual(
      distinct.results.map(({ rank }) => rank),
      distinct.results.map((_, at) => at + 1),
    );
    assert.equal(titles(distinct).filter((title) => title.startsWith('About')).length, 5);
  });

  it('knows near duplicates in other collections', async () => {
    await using library = await menu();
    const other = scopeOf('other');
    await menu(other, library);
    const collections = ['docs', 'other'] as CollectionName[];
    const { results } = await search(library, 'fresh tea', { request: { collections, distinct: true } });
    assert.deepEqual(titles({ results } as SearchResponse).toSorted(), [
      'About coffee',
      'About juice',
      'About milk',
      'About tea',
      'About water',
    ]);
  });

  it('merges several collections by score, each asked once', async () => {
    await using library = await menu();
    const other = scopeOf('other');
    await menu(other, library);
    const collections = ['docs', 'other', 'docs'] as CollectionName[];
    const { results, retrieval } = await search(library, 'fresh tea', { request: { collections } });
    assert.equal(results.length, 10);
    assert.deepEqual(
      results
        .slice(0, 2)
        .map(({ collection }) => collection)
        .toSorted(),
      ['docs', 'other'],
    );
    assert.equal(results[0]?.score, results[1]?.score);
    assert.equal(retrieval.generation, GENERATION);
    assert.equal(new Set(results.map(({ chunkId }) => chunkId)).size, 10);
  });

  it('keeps to the filter', async () => {
    await using library = await menu();
    const filter = { drink: { kind: 'any', values: ['tea', 'milk'] } } as const;
    for (const mode of ['hybrid', 'lexical', 'dense'] as const) {
      const found = titles(await search(library, 'fresh', { request: { filter, mode } }));
      assert.deepEqual(found.toSorted(), ['About milk', 'About tea'], mode);
    }
  });

  it('finds nothing in an empty collection, which is no error', async () => {
    await using library = await openLibrary();
    await library.createCollection(docs);
    const { results, degraded } = await search(library, 'anything');
    assert.deepEqual([results, degraded], [[], []]);
  });

  it('refuses an unknown collection, and that of another tenant', async () => {
    await using library = await menu();
    await menu(scopeOf('secret', 'other'), library);
    for (const name of ['missing', 'secret'])
      await assert.rejects(
        search(library, 'tea', { request: { collections: ['docs', name] as CollectionName[] } }),
        {
          code: 'collection_not_found',
          message: new RegExp(name),
        },
      );
  });

  it('does nothing once it is aborted', async () => {
    await using library = await menu();
    const signal = AbortSignal.abort(new Error('the client is gone'));
    await assert.rejects(search(library, 'tea', { signal }), /the client is gone/);
  });

  it('stops between its stages', async () => {
    await using library = await menu();
    const controller = new AbortController();
    let hydrated = false;
    const catalog: RetrievalDependencies['catalog'] = {
      getCollection: library.catalog.getCollection,
      sketchesOf: library.catalog.sketchesOf,
      hydrate: async (...parameters) => {
        hydrated = true;
        return library.catalog.hydrate(...parameters);
      },
    };
    const index = {
      ...library.index,
      lexicalScores: async () => {
        controller.abort(new Error('the deadline has passed'));
        return new Float64Array(100);
      },
    };
    const asked = search(library, 'tea', { dependencies: { catalog, index }, signal: controller.signal });
    await assert.rejects(asked, /the deadline has passed/);
    assert.equal(hydrated, false);
  });
});

function byId(a: { readonly chunkId: string }, b: { readonly chunkId: string }): number {
  return a.chunkId < b.chunkId ? -1 : 1;
}
