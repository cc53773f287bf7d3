import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fakeEncoder, REFUSED, type FakeEncoder } from '../../../test/fake-encoder.ts';
import { openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { quantise } from '../../engine/dense/dense-index.ts';
import type { Scope } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import { ModelError } from '../models/model-error.ts';
import { createEncode, type Encode, type EncodeDependencies } from './encode.ts';

const docs = scopeOf('docs');
const MODEL = 'fake-64';

/** Time that passes when the test says so. */
class Pauses {
  readonly lengths: number[] = [];
  #resume: (() => void)[] = [];

  readonly wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    this.lengths.push(ms);
    return new Promise((resolve, reject) => {
      this.#resume.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };

  resume(): void {
    const waiting = this.#resume;
    this.#resume = [];
    for (const resolve of waiting) resolve();
  }
}

interface Started extends AsyncDisposable {
  readonly encode: Encode;
  readonly pauses: Pauses;
  readonly failures: unknown[];
}

function start(library: TestLibrary, embedder: FakeEncoder, more: Partial<EncodeDependencies> = {}): Started {
  const pauses = new Pauses();
  const failures: unknown[] = [];
  const encode = createEncode({
    catalog: library.catalog,
    index: library.index,
    embedder,
    scopes: async () =>
      (await library.catalog.listCollections(docs.tenant, { limit: 100, cursor: null })).items,
    quantise,
    clock: { monotonic: () => 0 },
    mayRun: () => true,
    wait: pauses.wait,
    turn: async () => turn(),
    onFailure: (error) => failures.push(error),
    ...more,
  });
  return { encode, pauses, failures, [Symbol.asyncDispose]: async () => encode[Symbol.asyncDispose]() };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 20_000; turns++) {
    if (await condition()) return;
    await turn();
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

async function library(documents = 10): Promise<TestLibrary> {
  const opened = await openLibrary({ encoderModel: MODEL });
  await opened.createCollection(docs);
  for (let at = 0; at < documents; at++) await opened.put(docs, `page-${at}`, `# Page ${at}\n\nText ${at}.`);
  return opened;
}

async function encoded(opened: TestLibrary, scope: Scope = docs): Promise<string> {
  const progress = await opened.catalog.encodingProgress(scope, MODEL);
  return `${progress.encoded} of ${progress.total}`;
}

async function inIndex(opened: TestLibrary, scope: Scope = docs): Promise<string> {
  const progress = await opened.index.encoded(scope, MODEL);
  return `${progress.encoded} of ${progress.total}`;
}

describe('the filler of encodings', () => {
  it('fills a collection in batches that the model can take, in catalog and index', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual([await encoded(opened), await inIndex(opened)], ['10 of 10', '10 of 10']);
    assert.deepEqual(
      encoder.batches.map((batch) => batch.length),
      [4, 4, 2],
    );
    assert.equal(encoder.batches[0]?.[0], 'Page 0\nText 0.');
    assert.deepEqual(filling.failures, []);
  });

  it('asks once for a passage that several documents have', async () => {
    await using opened = await library(0);
    const same = '# Heron\n\nIt stands in the reeds.';
    for (const key of ['a', 'b', 'c']) await opened.put(docs, key, same);
    const encoder = fakeEncoder();
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual(encoder.batches, [['Heron\nIt stands in the reeds.']]);
    assert.deepEqual([await encoded(opened), await inIndex(opened)], ['3 of 3', '3 of 3']);
    await opened.put(docs, 'd', same);
    await opened.put(docs, 'e', '# Egret\n\nIt stands in the reeds.');
    filling.encode.wake();
    await until(async () => (await encoded(opened)) === '5 of 5' && (await inIndex(opened)) === '5 of 5');
    assert.deepEqual(encoder.batches.slice(1), [['Egret\nIt stands in the reeds.']]);
    const vectors = new Set<string>();
    for await (const { vector } of opened.catalog.encodings(docs, MODEL)) vectors.add(vector.values.join());
    assert.equal(vectors.size, 2);
  });

  it('gives known passages their vectors while the model is away', async () => {
    await using opened = await library(1);
    const encoder = fakeEncoder();
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    encoder.failure = new ModelError('unreachable', 'away');
    await opened.put(docs, 'copy', '# Page 0\n\nText 0.');
    await opened.put(docs, 'new', 'A new text.');
    filling.encode.wake();
    await until(async () => (await encoded(opened)) === '2 of 3');
    await until(() => filling.encode.status().state === 'waiting');
  });

  it('never has more than one batch under way, over all collections', async () => {
    await using opened = await library();
    const other = scopeOf('other');
    await opened.createCollection(other);
    for (let at = 0; at < 6; at++) await opened.put(other, `${at}`, `Other ${at}.`);
    const encoder = fakeEncoder();
    let running = 0;
    let most = 0;
    encoder.beforeBatch = async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
    };
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    assert.equal(most, 1);
    assert.deepEqual([await encoded(opened), await encoded(opened, other)], ['10 of 10', '6 of 6']);
    assert.match(encoder.batches[1]?.[0] ?? '', /Other/, 'collections take turns');
  });

  it('takes as many texts as the encoder can do in half a second, and half as many after a slow failure', async () => {
    await using opened = await library(20);
    const encoder = fakeEncoder({ maxBatch: 8 });
    let now = 0;
    encoder.beforeBatch = async () => {
      now += 250 * (encoder.batches.at(-1)?.length ?? 0);
      encoder.failure = encoder.batches.length === 3 ? REFUSED : null;
    };
    await using filling = start(opened, encoder, { clock: { monotonic: () => now } });
    await until(() => filling.pauses.lengths.length === 1);
    filling.pauses.resume();
    await until(() => filling.encode.status().state === 'idle');
    const sizes = encoder.batches.map(({ length }) => length);
    assert.deepEqual(sizes, [8, 2, 2, 1, 2, 2, 2, 2, 1]);
    assert.equal(await encoded(opened), '20 of 20');
  });

  it('stores a batch while the next one is being encoded, and encodes nothing twice', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const seen: string[] = [];
    encoder.beforeBatch = async () => {
      if (encoder.batches.length !== 2) return;
      seen.push(await encoded(opened));
      await until(async () => (await inIndex(opened)) === '4 of 10');
      seen.push(await encoded(opened));
    };
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual(seen, ['0 of 10', '4 of 10']);
    assert.equal(new Set(encoder.batches.flat()).size, 10);
    assert.equal(encoder.batches.flat().length, 10);
  });

  it('stores what was encoded when it is disposed', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const first = Promise.withResolvers<void>();
    const filling = start(opened, encoder, { turn: async () => first.promise });
    await until(() => encoder.batches.length === 2);
    const disposed = filling[Symbol.asyncDispose]();
    first.resolve();
    await disposed;
    assert.deepEqual([await encoded(opened), await inIndex(opened)], ['8 of 10', '8 of 10']);
  });

  it('says that a batch could not be stored, and encodes it again', async () => {
    await using opened = await library(2);
    const encoder = fakeEncoder();
    let isFull = true;
    const catalog: EncodeDependencies['catalog'] = {
      chunksWithout: async (...request) => opened.catalog.chunksWithout(...request),
      vectorsOf: async (...request) => opened.catalog.vectorsOf(...request),
      async putEncodings(...rows) {
        if (isFull) throw new HoldfastError('storage_full', 'no space');
        return opened.catalog.putEncodings(...rows);
      },
    };
    await using filling = start(opened, encoder, { catalog });
    await until(() => filling.encode.status().state === 'waiting');
    assert.deepEqual(
      filling.failures.map((failure) => (failure as Error).message),
      ['no space'],
    );
    isFull = false;
    filling.pauses.resume();
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual([await encoded(opened), encoder.batches.length], ['2 of 2', 2]);
  });

  it('goes on with new and replaced documents when it is woken', async () => {
    await using opened = await library(2);
    await using filling = start(opened, fakeEncoder());
    await until(() => filling.encode.status().state === 'idle');
    await opened.put(docs, 'page-0', 'Another text.');
    await opened.put(docs, 'new', 'A new one.');
    assert.deepEqual([await encoded(opened), await inIndex(opened)], ['1 of 3', '1 of 3']);
    filling.encode.wake();
    await until(async () => (await inIndex(opened)) === '3 of 3');
    assert.equal(await encoded(opened), '3 of 3');
  });

  it('waits longer and longer while the encoder is away, and goes on when it is back', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    encoder.beforeBatch = async () => {
      if (encoder.batches.length === 2) encoder.failure = REFUSED;
    };
    await using filling = start(opened, encoder);
    for (let pause = 1; pause <= 13; pause++) {
      await until(() => filling.pauses.lengths.length === pause);
      assert.deepEqual(filling.encode.status(), {
        state: 'waiting',
        reason: 'connection refused',
        refused: 0,
      });
      if (pause < 13) filling.pauses.resume();
    }
    assert.deepEqual(
      filling.pauses.lengths,
      [25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000],
    );
    assert.equal(await encoded(opened), '4 of 10');
    encoder.failure = null;
    filling.pauses.resume();
    await until(() => filling.encode.status().state === 'idle');
    assert.equal(await inIndex(opened), '10 of 10');
    assert.equal(filling.encode.status().reason, null);
  });

  it('waits as long as the encoder asks, and the longest for what does not pass by itself', async () => {
    await using opened = await library(1);
    const encoder = fakeEncoder();
    encoder.failure = new ModelError('overloaded', 'busy', { retryAfterMs: 7000 });
    await using filling = start(opened, encoder);
    await until(() => filling.pauses.lengths.length === 1);
    encoder.failure = new ModelError('unauthorized', 'wrong key');
    filling.pauses.resume();
    await until(() => filling.pauses.lengths.length === 2);
    assert.deepEqual(filling.pauses.lengths, [7000, 60_000]);
  });

  it('goes on where it was after a restart in the middle', async () => {
    await using opened = await library();
    const first = fakeEncoder();
    first.beforeBatch = async () => {
      if (first.batches.length === 3) first.failure = REFUSED;
    };
    {
      await using filling = start(opened, first);
      await until(() => filling.encode.status().state === 'waiting');
    }
    assert.equal(await encoded(opened), '8 of 10');
    const index = opened.openIndex({ encoderModel: MODEL });
    assert.deepEqual(await index.encoded(docs, MODEL), { encoded: 8, total: 10 });
    const second = fakeEncoder();
    await using filling = start(opened, second, { index });
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual(await index.encoded(docs, MODEL), { encoded: 10, total: 10 });
    assert.equal(second.batches.length, 1);
  });

  it('stops a call that is under way when it is disposed, and stores nothing of it', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    const answer = Promise.withResolvers<undefined>();
    encoder.beforeBatch = async () => answer.promise;
    const filling = start(opened, encoder);
    await until(() => encoder.batches.length === 1);
    const disposed = filling[Symbol.asyncDispose]();
    answer.resolve(undefined);
    await disposed;
    assert.equal(await encoded(opened), '0 of 10');
    assert.deepEqual(filling.failures, []);
  });

  it('lets queries go first, but not for ever', async () => {
    await using opened = await library(1);
    const encoder = fakeEncoder();
    await using filling = start(opened, encoder, { mayRun: () => false });
    for (let pause = 1; pause <= 100; pause++) {
      await until(() => filling.pauses.lengths.length === pause);
      assert.equal(encoder.batches.length, 0);
      filling.pauses.resume();
    }
    await until(() => encoder.batches.length === 1);
  });

  it('leaves out a text that the encoder refuses, and no other', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    encoder.refusedText = /Text 2/;
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'idle');
    assert.deepEqual([await encoded(opened), await inIndex(opened)], ['9 of 10', '9 of 10']);
    assert.equal(filling.encode.status().refused, 1);
  });

  it('takes it for a failure of the encoder when all texts are refused', async () => {
    await using opened = await library();
    const encoder = fakeEncoder();
    encoder.refusedText = /./;
    await using filling = start(opened, encoder);
    await until(() => filling.encode.status().state === 'waiting');
    assert.equal(filling.encode.status().refused, 0);
  });

  it('refuses vectors that are no numbers or too few', async () => {
    await using opened = await library(2);
    for (const garbage of [
      async () => [],
      async () => [new Float32Array(64), new Float32Array(64).fill(Number.NaN)],
      async () => [new Float32Array(64), new Float32Array(32)],
    ]) {
      await using filling = start(opened, { ...fakeEncoder(), embedPassages: garbage });
      await until(() => filling.encode.status().state === 'waiting');
      assert.equal(await encoded(opened), '0 of 2');
    }
  });

  it('leaves a collection alone that has vectors of other dimensions, says how to repair it, and fills the rest', async () => {
    await using opened = await library(2);
    await using filling = start(opened, fakeEncoder());
    await until(() => filling.encode.status().state === 'idle');
    await filling[Symbol.asyncDispose]();
    await opened.put(docs, 'late', 'A later text.');
    const other = scopeOf('other');
    await opened.createCollection(other);
    for (let at = 0; at < 9; at++) await opened.put(other, `${at}`, `Other ${at}.`);

    const changed = fakeEncoder({ dimensions: 32 });
    await using again = start(opened, changed);
    await until(() => again.encode.status().state === 'idle');
    assert.deepEqual([await encoded(opened), await encoded(opened, other)], ['2 of 3', '9 of 9']);
    assert.match(again.encode.status().reason ?? '', /64 dimensions .* 32 dimensions .* Set the model back/s);
    assert.equal(changed.batches.length, 4, 'the collection is not tried in every round');
  });
});
