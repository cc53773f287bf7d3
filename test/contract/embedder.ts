import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmbeddingModelOptions, ModelEmbedder } from '../../src/adapters/embedder/model-embedder.ts';
import { FALSE_EMBEDDINGS } from '../../src/faults/models/knobs.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { modelFailure, modelFailureContract } from './model-failures.ts';

const NEVER = new AbortController().signal;

/** A healthy embedder whose model gives vectors of `dimensions`. */
export interface EmbedderHarness extends AsyncDisposable {
  readonly embedder: ModelEmbedder;
  readonly dimensions: number;
}

/** What every embedder does while its model works; real ones run it too. */
export function embedderContract(name: string, open: () => Promise<EmbedderHarness>): void {
  describe(`embedder contract: ${name}`, () => {
    it('knows its dimensions once connected', async () => {
      await using harness = await open();
      const profile = await harness.embedder.connect(NEVER);
      assert.equal(profile.dimensions, harness.dimensions);
      assert.equal(harness.embedder.profile.dimensions, harness.dimensions);
      assert.ok(profile.maxBatch >= 1);
      assert.ok(profile.fusionWeight > 0 && profile.fusionWeight < 1);
    });

    it('gives one unit vector a passage, in order, in any number of batches', async () => {
      await using harness = await open();
      const texts = Array.from({ length: harness.embedder.profile.maxBatch + 3 }, (_, at) =>
        at % 2 === 0 ? 'Backups run every night at two' : `The garden has ${at} red roses`,
      );
      const vectors = await harness.embedder.embedPassages(texts, NEVER);
      assert.equal(vectors.length, texts.length);
      for (const vector of vectors) {
        assert.equal(vector.length, harness.dimensions);
        assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
      }
      const [backup, garden, again] = [at(vectors, 0), at(vectors, 1), at(vectors, vectors.length - 1)];
      assert.ok(dot(backup, again) > 0.999);
      assert.ok(dot(backup, garden) < dot(backup, again));
    });

    it('gives the same vector alone and in a batch', async () => {
      await using harness = await open();
      const text = 'Restore the newest snapshot';
      const [alone] = await harness.embedder.embedPassages([text], NEVER);
      const [, inBatch] = await harness.embedder.embedPassages(
        ['A much longer text that goes before it, so that it has to be padded to fit', text],
        NEVER,
      );
      assert.ok(alone !== undefined && inBatch !== undefined);
      assert.ok(dot(alone, inBatch) > 0.999, String(dot(alone, inBatch)));
    });

    it('finds the passage that answers the question', async () => {
      await using harness = await open();
      const query = await harness.embedder.embedQuery('When do the backups run?', NEVER);
      const [right, wrong] = await harness.embedder.embedPassages(
        ['The backups run at two in the night', 'Roses need much water in summer'],
        NEVER,
      );
      assert.ok(query !== null && right !== undefined && wrong !== undefined);
      assert.ok(dot(query, right) > dot(query, wrong));
    });

    it('knows nothing of texts without words', async () => {
      await using harness = await open();
      await harness.embedder.connect(NEVER);
      assert.equal(await harness.embedder.embedQuery(' \n', NEVER), null);
      const [blank, full] = await harness.embedder.embedPassages(['', 'words'], NEVER);
      assert.ok(blank?.every((value) => value === 0) === true);
      assert.equal(blank.length, harness.dimensions);
      assert.ok(full?.some((value) => value !== 0) === true);
      assert.deepEqual(await harness.embedder.embedPassages([], NEVER), []);
    });

    it('takes a text that is longer than the model reads, and any characters', async () => {
      await using harness = await open();
      const texts = ['backup '.repeat(5000), 'x'.repeat(10_000), '😀 \0 \ud800 é 漢字 <script>'];
      const vectors = await harness.embedder.embedPassages(texts, NEVER);
      assert.ok(vectors.every((vector) => Math.abs(dot(vector, vector) - 1) < 1e-5));
    });

    it('proves with its canary that the model works', async () => {
      await using harness = await open();
      await harness.embedder.canary(NEVER);
    });
  });
}

export interface RemoteEmbedderHarness {
  create(url: string, options?: Partial<EmbeddingModelOptions>): ModelEmbedder | Promise<ModelEmbedder>;
  startStandIn(): Promise<StandIn>;
  /** @default true */
  readonly namesModels?: boolean;
}

/** What embedders over HTTP do besides, and when their server fails or lies. */
export function remoteEmbedderContract(
  name: string,
  { create, startStandIn, namesModels = true }: RemoteEmbedderHarness,
): void {
  embedderContract(name, async () => {
    const server = await startStandIn();
    const dispose = async (): Promise<void> => server[Symbol.asyncDispose]();
    return { embedder: await create(server.url), dimensions: 384, [Symbol.asyncDispose]: dispose };
  });

  describe(`embedder failures: ${name}`, () => {
    modelFailureContract({
      call: async (url, signal, model) =>
        (await create(url, model === undefined ? {} : { model })).embedQuery('When?', signal),
      startStandIn,
      kind: 'embed',
      namesModels,
    });

    for (const embeddings of FALSE_EMBEDDINGS) {
      it(`takes embeddings with ${embeddings} as unusable`, async () => {
        await using server = await startStandIn();
        server.set({ embeddings });
        const embedder = await create(server.url);
        const error = await modelFailure(embedder.embedPassages(['one', 'two'], NEVER));
        assert.equal(error.failure, 'unusable');
        assert.equal((await modelFailure(embedder.canary(NEVER))).failure, 'unusable');
      });
    }

    it('says what to do when the model has other dimensions than expected', async () => {
      await using server = await startStandIn();
      const embedder = await create(server.url, { profile: { dimensions: 768 } });
      assert.equal(embedder.profile.dimensions, 768);
      const error = await modelFailure(embedder.connect(NEVER));
      assert.match(error.message, /384 dimensions where 768 are expected.*HOLDFAST_EMBEDDING_MODEL/s);
    });

    it('learns the dimensions of an unknown model once and holds it to them', async () => {
      await using server = await startStandIn();
      const embedder = await create(server.url, { profile: { dimensions: null } });
      assert.equal(embedder.profile.dimensions, 0);
      assert.equal((await embedder.connect(NEVER)).dimensions, 384);
      server.set({ embeddings: 'wrong_dimension' });
      await modelFailure(embedder.canary(NEVER));
      assert.equal(embedder.profile.dimensions, 384);
    });

    it('keeps the first components of a Matryoshka model, at unit length', async () => {
      await using server = await startStandIn();
      const profile = { dimensions: null, matryoshka: { sizes: 'any', layerNorm: false } } as const;
      const whole = await (await create(server.url)).embedQuery('backups', NEVER);
      const embedder = await create(server.url, { profile, dimensions: 64 });
      const cut = await embedder.embedQuery('backups', NEVER);
      assert.ok(whole !== null && cut !== null);
      assert.equal(cut.length, 64);
      assert.equal(embedder.profile.dimensions, 64);
      const head = whole.subarray(0, 64);
      assert.ok(Math.abs(dot(head, cut) - Math.sqrt(dot(head, head))) < 1e-5);
    });

    it('puts the prefixes of the model before questions and passages', async () => {
      await using server = await startStandIn();
      const embedder = await create(server.url, { profile: { queryPrefix: 'q: ', passagePrefix: 'p: ' } });
      await embedder.embedQuery('one', NEVER);
      await embedder.embedPassages(['two', ''], NEVER);
      const inputs = server.seen().map(({ body }) => (body as { input: unknown }).input);
      assert.deepEqual(inputs, [['q: one'], ['p: two']]);
    });
  });
}

export function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? Number.NaN), 0);
}

function at(vectors: readonly Float32Array[], index: number): Float32Array {
  const vector = vectors[index];
  assert.ok(vector !== undefined);
  return vector;
}
