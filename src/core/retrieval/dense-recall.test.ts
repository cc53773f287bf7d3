import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeEncoder, REFUSED, type FakeEncoder } from '../../../test/fake-encoder.ts';
import { openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { quantise } from '../../engine/dense/dense-index.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Scope } from '../documents/ids.ts';
import type { ChunkIndex } from './chunk-index.ts';
import { isServed } from './dense-recall.ts';
import type { Embedder } from './embedder.ts';
import { createQueryVectorCache } from './query-vector-cache.ts';
import { createRetrieve, type Retrieval } from './retrieve.ts';

const docs = scopeOf('docs');
const MODEL = 'fake-64';
const { signal } = new AbortController();

interface Asked {
  readonly index?: Partial<ChunkIndex>;
  readonly embedder?: Partial<Embedder>;
  readonly scopes?: readonly Scope[];
}

/** Asks like a service does, over one cache of query vectors. */
function asking(library: TestLibrary, encoder: Embedder) {
  const cache = createQueryVectorCache();
  return async (query: string, { scopes = [docs], ...broken }: Asked = {}): Promise<Retrieval> =>
    createRetrieve({
      catalog: library.catalog,
      index: { ...library.index, ...broken.index },
      embedder: { ...library.embedder, ...broken.embedder },
      encoder: { embedder: encoder, cache },
      clock: systemClock,
      newId: () => 'id',
    })(
      {
        tenant: docs.tenant,
        query,
        collections: scopes.map(({ collection }) => collection),
        filter: {},
        topK: 10,
        mode: 'hybrid',
      },
      signal,
    );
}

async function fill(
  library: TestLibrary,
  encoder: Embedder,
  { scope = docs, limit = 1000 } = {},
): Promise<void> {
  const chunks = await library.catalog.chunksWithout(scope, MODEL, limit);
  if (chunks.length === 0) return;
  const vectors = await encoder.embedPassages(
    chunks.map(({ text }) => text),
    signal,
  );
  const rows = chunks.map(({ id }, at) => ({ id, vector: quantise(vectors[at] ?? new Float32Array(64)) }));
  await library.catalog.putEncodings(scope, MODEL, rows);
  await library.index.addEncodings(scope, MODEL, rows);
}

async function library(documents = 20): Promise<TestLibrary> {
  const opened = await openLibrary({ encoderModel: MODEL });
  await opened.createCollection(docs);
  for (let at = 0; at < documents; at++)
    await opened.put(docs, `page-${at}`, `The backup number ${at} is restored by word${at}.`);
  return opened;
}

function degradations({ degraded }: Retrieval): string[] {
  return degraded.map(({ component, mode, reason }) => `${component} ${mode}: ${reason}`);
}

async function fail(): Promise<never> {
  throw new Error('broken');
}

describe('a question with an encoder', () => {
  it('is served by the static vectors while the encoder fills in, and by the encoder then', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const ask = asking(opened, encoder);
    for (let step = 0; step < 4; step++) {
      const found = await ask('restored by word7');
      assert.deepEqual([found.embeddingModel, found.degraded], [opened.embedder.profile.model, []]);
      await fill(opened, encoder, { limit: 4 });
    }
    assert.deepEqual(encoder.queries, [], 'it is not asked for what it cannot serve');
    await fill(opened, encoder);
    const found = await ask('restored by word7');
    assert.deepEqual([found.embeddingModel, found.mode, found.degraded], [MODEL, 'hybrid', []]);
    assert.match(found.passages[0]?.chunk.text ?? '', /word7/);
  });

  it('fuses with the weight of the model that served', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const ask = asking(opened, encoder);
    for (const weight of [0.5, 0.9]) {
      const { passages } = await ask('restored by word7');
      const [first] = passages;
      assert.ok(first);
      const { score, cosine } = first.ranked;
      assert.ok(Math.abs(score - (weight * cosine + (1 - weight))) < 1e-9, `${weight}`);
      await fill(opened, encoder);
    }
  });

  it('keeps to the encoder when a twentieth is new, and finds the new by words', async () => {
    await using opened = await library(19);
    const encoder = fakeEncoder();
    const ask = asking(opened, encoder);
    await fill(opened, encoder);
    await opened.put(docs, 'new', 'A fresh giraffe.');
    const found = await ask('giraffe');
    assert.equal(found.embeddingModel, MODEL);
    const [first] = found.passages;
    assert.match(first?.chunk.text ?? '', /giraffe/);
    assert.ok(Number.isNaN(first?.ranked.cosine));
    await opened.put(docs, 'newer', 'A second giraffe.');
    assert.equal((await ask('giraffe')).embeddingModel, opened.embedder.profile.model);
    await fill(opened, encoder);
    assert.equal((await ask('giraffe')).embeddingModel, MODEL);
  });

  it('finds a replaced document by its new encoding alone', async () => {
    await using opened = await library(20);
    const encoder = fakeEncoder();
    const ask = asking(opened, encoder);
    await fill(opened, encoder);
    await opened.put(docs, 'page-7', 'Now about a zebra.');
    await fill(opened, encoder);
    const old = await ask('word7');
    assert.ok(old.passages.every(({ chunk }) => !chunk.text.includes('word7')));
    const found = await ask('zebra');
    assert.match(found.passages[0]?.chunk.text ?? '', /zebra/);
    assert.ok((found.passages[0]?.ranked.cosine ?? 0) > 0.4);
  });

  it('uses one model for all collections of a question', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const ask = asking(opened, encoder);
    const other = scopeOf('other');
    await opened.createCollection(other);
    await fill(opened, encoder);
    assert.equal(
      (await ask('backup', { scopes: [docs, other] })).embeddingModel,
      MODEL,
      'an empty one is ready',
    );
    await opened.put(other, 'a', 'Another backup.');
    const mixed = await ask('backup', { scopes: [docs, other] });
    assert.equal(mixed.embeddingModel, opened.embedder.profile.model);
    assert.equal((await ask('backup')).embeddingModel, MODEL);
    await fill(opened, encoder, { scope: other });
    assert.equal((await ask('backup', { scopes: [docs, other] })).embeddingModel, MODEL);
  });

  it('serves from the catalog after a restart', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    await fill(opened, encoder);
    const before = await asking(opened, encoder)('restored by word7');
    const again = { ...opened, index: opened.openIndex({ encoderModel: MODEL }) };
    const after = await asking(again, encoder)('restored by word7');
    assert.equal(after.embeddingModel, MODEL);
    assert.deepEqual(after.passages, before.passages);
  });

  it('never compares with the vectors of another model', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    await fill(opened, encoder);
    const other = fakeEncoder({ model: 'other-64' });
    const found = await asking(opened, other)('backup');
    assert.deepEqual([found.embeddingModel, other.queries], [opened.embedder.profile.model, []]);
    const request = { filter: {}, limit: 10, query: { model: 'other-64', vector: new Float32Array(64) } };
    await assert.rejects(opened.index.denseEncoded(docs, request, signal), /fake-64, not of other-64/);
    const again = opened.openIndex({ encoderModel: 'other-64' });
    assert.deepEqual(await again.encoded(docs, 'other-64'), { encoded: 0, total: 20 });
  });
});

async function ready(): Promise<{ opened: TestLibrary; encoder: FakeEncoder }> {
  const opened = await library();
  const encoder = fakeEncoder();
  await fill(opened, encoder);
  return { opened, encoder };
}

describe('the ladder of the embedding', () => {
  it('takes the remembered vector of the same question when the encoder is lost', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    const ask = asking(opened, encoder);
    const before = await ask('restored by word7');
    encoder.failure = REFUSED;
    const after = await ask(' restored  by word7');
    assert.deepEqual([after.embeddingModel, after.degraded], [MODEL, []]);
    assert.deepEqual(
      after.passages.map(({ ranked }) => ranked.cosine),
      before.passages.map(({ ranked }) => ranked.cosine),
    );
  });

  it('takes the static vectors for a new question, and says so', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    encoder.failure = REFUSED;
    const found = await asking(opened, encoder)('restored by word7');
    assert.deepEqual([found.embeddingModel, found.mode], [opened.embedder.profile.model, 'hybrid']);
    assert.deepEqual(degradations(found), ['embedding static_vectors: connection refused']);
    assert.match(found.passages[0]?.chunk.text ?? '', /word7/);
  });

  it('takes the static vectors when the index cannot tell how far the encoder is, and says so', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    const index = { ...opened.index, encoded: fail };
    const found = await asking({ ...opened, index }, encoder)('restored by word7');
    assert.deepEqual([found.embeddingModel, found.mode], [opened.embedder.profile.model, 'hybrid']);
    assert.deepEqual(degradations(found), ['dense static_vectors: broken']);
  });

  it('takes words alone when the static side cannot serve either', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    encoder.failure = REFUSED;
    const found = await asking(opened, encoder)('word7', { embedder: { embedQuery: fail } });
    assert.deepEqual([found.embeddingModel, found.mode], [null, 'lexical']);
    assert.deepEqual(degradations(found), ['embedding lexical_only: connection refused; broken']);
    assert.equal(found.passages.length, 1);
  });

  it('takes the static vectors when the encoder answers garbage or other dimensions', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    for (const [vector, reason] of [
      [new Float32Array(64).fill(Number.NaN), /^embedding static_vectors: .*no numbers/],
      [new Float32Array(32).fill(0.1), /^embedding static_vectors: .*32 dimensions/],
    ] as const) {
      const found = await asking(opened, { ...encoder, embedQuery: async () => vector })('word7');
      assert.equal(found.embeddingModel, opened.embedder.profile.model);
      assert.match(degradations(found).join(), reason);
    }
  });

  it('does not remember what it could not use', async () => {
    const { opened, encoder } = await ready();
    await using _ = opened;
    for (const garbage of [new Float32Array(64).fill(Number.NaN), new Float32Array(32).fill(0.1)]) {
      let vector: Float32Array | null = garbage;
      const ask = asking(opened, {
        ...encoder,
        embedQuery: async (query) => vector ?? encoder.embedQuery(query, signal),
      });
      assert.equal((await ask('word7')).embeddingModel, opened.embedder.profile.model);
      vector = null;
      assert.equal((await ask('word7')).embeddingModel, MODEL);
    }
  });
});

describe('the rule of the takeover', () => {
  it('lets the encoder serve what it has seen but for a twentieth', () => {
    for (const [encoded, total, served] of [
      [0, 0, true],
      [0, 1, false],
      [1, 1, true],
      [18, 20, false],
      [19, 20, true],
      [94, 100, false],
      [95, 100, true],
    ] as const)
      assert.equal(isServed({ encoded, total }), served, `${encoded} of ${total}`);
  });
});
