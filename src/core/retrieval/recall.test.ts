import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ChunkIndex } from './chunk-index.ts';
import type { Embedder } from './embedder.ts';
import type { RecallPlan } from './recall-plan.ts';
import { recall, type Recall } from './recall.ts';
import { startStopwatch } from './stopwatch.ts';

const docs = scopeOf('docs');

interface Broken {
  readonly index?: Partial<ChunkIndex>;
  readonly embedder?: Partial<Embedder>;
  readonly plan?: Partial<RecallPlan>;
  readonly signal?: AbortSignal;
}

async function ask(library: TestLibrary, query: string, broken: Broken = {}): Promise<Recall> {
  const plan = { query, scopes: [docs], filter: {}, mode: 'hybrid', limit: 100, ...broken.plan } as const;
  return recall(
    plan,
    {
      index: { ...library.index, ...broken.index },
      embedder: { ...library.embedder, ...broken.embedder },
      stopwatch: startStopwatch(systemClock),
    },
    broken.signal ?? new AbortController().signal,
  );
}

async function fail(): Promise<never> {
  throw new Error('connection refused');
}

async function animals(): Promise<TestLibrary> {
  const library = await openLibrary();
  await library.createCollection(docs);
  await library.put(docs, 'dog', 'A dog is a loyal animal that barks.', { legs: 4 });
  await library.put(docs, 'puppy', 'Young puppies learn quickly how to behave.', { legs: 4 });
  await library.put(docs, 'bird', 'Birds fly south before the winter comes.', { legs: 2 });
  await library.put(
    docs,
    'german',
    'Der Hund bellt jeden Abend, und die Nachbarn hören dem Hund zu. Das ist laut.',
  );
  return library;
}

describe('the recall', () => {
  it('joins what both sides found, each chunk with both scores', async () => {
    await using library = await animals();
    const { chunks, mode, failures } = await ask(library, 'dog');
    assert.equal(mode, 'hybrid');
    assert.deepEqual(failures, []);
    assert.equal(chunks.length, 3, 'the three English passages have vectors');
    assert.equal(new Set(chunks.map(({ chunkId }) => chunkId)).size, 3);
    assert.equal(chunks.filter(({ lexical }) => lexical > 0).length, 1);
    assert.ok(chunks.every(({ cosine }) => !Number.isNaN(cosine)));
  });

  it('looks up what one side did not list', async () => {
    await using library = await animals();
    const all = await ask(library, 'dogs behave');
    const narrow = await ask(library, 'dogs behave', { plan: { limit: 1 } });
    assert.ok(narrow.chunks.length <= 2);
    for (const chunk of narrow.chunks)
      assert.deepEqual(
        chunk,
        all.chunks.find(({ chunkId }) => chunkId === chunk.chunkId),
      );
  });

  it('gives a chunk without vector the cosine NaN', async () => {
    await using library = await animals();
    const { chunks } = await ask(library, 'Hund dog');
    const german = chunks.find(({ cosine }) => Number.isNaN(cosine));
    assert.ok(german && german.lexical > 0);
    assert.equal(chunks.length, 4);
  });

  it('keeps to the filter on both sides', async () => {
    await using library = await animals();
    const filter = { legs: { kind: 'equals', value: 2 } } as const;
    const { chunks } = await ask(library, 'dog bird', { plan: { filter } });
    assert.equal(chunks.length, 1);
  });

  it('keeps equal chunks of several collections apart', async () => {
    await using library = await animals();
    const other = scopeOf('other');
    await library.createCollection(other);
    await library.put(other, 'dog', 'A dog is a loyal animal that barks.');
    const { chunks } = await ask(library, 'dog', { plan: { scopes: [docs, other] } });
    const found = chunks.filter(({ lexical }) => lexical > 0).map(({ scope }) => scope.collection);
    assert.deepEqual(found, ['docs', 'other']);
  });

  for (const [side, broken] of [
    ['embedding', { embedder: { embedQuery: fail } }],
    ['dense', { index: { dense: fail } }],
  ] as const)
    it(`goes on with words when the ${side} side fails, and says why`, async () => {
      await using library = await animals();
      const { chunks, mode, failures } = await ask(library, 'dog', broken);
      assert.equal(mode, 'lexical');
      assert.deepEqual(failures, [{ side, reason: 'connection refused' }]);
      assert.equal(chunks.length, 1);
      assert.ok(chunks.every(({ cosine }) => Number.isNaN(cosine)));
    });

  it('goes on with meaning when the lexical side fails', async () => {
    await using library = await animals();
    const { chunks, mode, failures } = await ask(library, 'dog', { index: { lexical: fail } });
    assert.equal(mode, 'dense');
    assert.deepEqual(failures, [{ side: 'lexical', reason: 'connection refused' }]);
    assert.equal(chunks.length, 3);
    assert.ok(chunks.every(({ lexical }) => lexical === 0));
  });

  it('goes on without what could not be looked up', async () => {
    await using library = await animals();
    const words = await ask(library, 'dog', { index: { lexicalScores: fail } });
    assert.deepEqual(words.failures, [{ side: 'lexical', reason: 'connection refused' }]);
    assert.equal(words.chunks.filter(({ lexical }) => lexical > 0).length, 1);
    const cosines = await ask(library, 'dog', {
      index: { denseScores: fail },
      plan: { limit: 1, query: 'winter' },
    });
    const both = await ask(library, 'loyal winter behave', {
      index: { denseScores: fail },
      plan: { limit: 2 },
    });
    assert.ok(cosines.chunks.length > 0 && both.chunks.length > 0);
    assert.deepEqual(both.failures, [{ side: 'dense', reason: 'connection refused' }]);
  });

  it('throws the first reason when nothing is left', async () => {
    await using library = await animals();
    await assert.rejects(
      ask(library, 'dog', { index: { lexical: fail, dense: fail } }),
      /connection refused/,
    );
    await assert.rejects(
      ask(library, 'dog', { index: { lexical: fail }, embedder: { embedQuery: fail } }),
      /connection refused/,
    );
    await assert.rejects(
      ask(library, 'dog', { index: { lexical: fail }, plan: { mode: 'lexical' } }),
      /refused/,
    );
  });

  it('uses words alone when the question has no vector, which is no failure', async () => {
    await using library = await animals();
    for (const mode of ['hybrid', 'dense'] as const) {
      const found = await ask(library, 'dog', { embedder: { embedQuery: async () => null }, plan: { mode } });
      assert.deepEqual([found.mode, found.failures, found.chunks.length], ['lexical', [], 1], mode);
    }
  });

  it('asks the one side that the mode names', async () => {
    await using library = await animals();
    const dense = await ask(library, 'dog', {
      index: { lexical: fail, lexicalScores: fail },
      plan: { mode: 'dense' },
    });
    assert.deepEqual([dense.mode, dense.failures, dense.chunks.length], ['dense', [], 3]);
    const lexical = await ask(library, 'dog', {
      index: { dense: fail, denseScores: fail },
      embedder: { embedQuery: fail },
      plan: { mode: 'lexical' },
    });
    assert.deepEqual([lexical.mode, lexical.failures, lexical.chunks.length], ['lexical', [], 1]);
  });

  it('falls back to words when the dense mode fails', async () => {
    await using library = await animals();
    const found = await ask(library, 'dog', { index: { dense: fail }, plan: { mode: 'dense' } });
    assert.deepEqual([found.mode, found.chunks.length], ['lexical', 1]);
    assert.deepEqual(found.failures, [{ side: 'dense', reason: 'connection refused' }]);
  });

  it('stops with the reason of the signal, and does not take that for a failure of a side', async () => {
    await using library = await animals();
    const controller = new AbortController();
    const abort = async (): Promise<never> => {
      controller.abort(new Error('the deadline has passed'));
      throw new Error('socket closed');
    };
    const asked = ask(library, 'dog', { index: { dense: abort }, signal: controller.signal });
    await assert.rejects(asked, /the deadline has passed/);
  });

  it('hands its signal to every side', async () => {
    await using library = await animals();
    const { signal } = new AbortController();
    const seen: AbortSignal[] = [];
    await ask(library, 'dog', {
      signal,
      index: {
        lexical: async (scope, request, given) => {
          seen.push(given);
          return library.index.lexical(scope, request, given);
        },
        dense: async (scope, request, given) => {
          seen.push(given);
          return library.index.dense(scope, request, given);
        },
      },
      embedder: {
        embedQuery: async (query, given) => {
          seen.push(given);
          return library.embedder.embedQuery(query, given);
        },
      },
    });
    assert.deepEqual(
      seen.map((given) => given === signal),
      [true, true, true],
    );
  });
});
