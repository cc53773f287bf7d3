import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reranker } from '../../src/core/models/reranker.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { modelFailureContract } from './model-failures.ts';

const NEVER = new AbortController().signal;
const QUERY = 'When do backups run?';
const TEXTS = ['Roses need water', 'Backups run every night', 'The backups are encrypted'];

export interface RerankerHarness extends AsyncDisposable {
  readonly reranker: Reranker;
}

/** What every reranker does while its model works. */
export function rerankerContract(name: string, open: () => Promise<RerankerHarness>): void {
  describe(`reranker contract: ${name}`, () => {
    it('gives one finite score a text, in the order of the texts, larger for what fits better', async () => {
      await using harness = await open();
      const scores = await harness.reranker.rerank(QUERY, TEXTS, NEVER);
      assert.equal(scores.length, TEXTS.length);
      assert.ok(scores.every(Number.isFinite));
      const [rose = NaN, night = NaN, secret = NaN] = scores;
      assert.ok(night > secret && secret > rose, String(scores));
      assert.deepEqual(await harness.reranker.rerank(QUERY, TEXTS.toReversed(), NEVER), scores.toReversed());
    });

    it('scores the same text twice alike', async () => {
      await using harness = await open();
      const [first, second] = await harness.reranker.rerank(QUERY, ['Backups run', 'Backups run'], NEVER);
      assert.equal(first, second);
    });

    it('has nothing to say about nothing', async () => {
      await using harness = await open();
      assert.deepEqual(await harness.reranker.rerank(QUERY, [], NEVER), []);
    });

    it('takes as many texts as it says', async () => {
      await using harness = await open();
      const { maxDocuments } = harness.reranker.profile;
      const texts = Array.from({ length: maxDocuments }, (_, at) => `Backup number ${at}`);
      assert.equal((await harness.reranker.rerank(QUERY, texts, NEVER)).length, maxDocuments);
    });
  });
}

export interface RemoteRerankerHarness {
  create(url: string): Reranker | Promise<Reranker>;
  startStandIn(): Promise<StandIn>;
}

/** What rerankers over HTTP do besides, and when their server fails or lies. */
export function remoteRerankerContract(name: string, { create, startStandIn }: RemoteRerankerHarness): void {
  rerankerContract(name, async () => {
    const server = await startStandIn();
    const dispose = async (): Promise<void> => server[Symbol.asyncDispose]();
    return { reranker: await create(server.url), [Symbol.asyncDispose]: dispose };
  });

  describe(`reranker failures: ${name}`, () => {
    modelFailureContract({
      call: async (url, signal) => (await create(url)).rerank(QUERY, TEXTS, signal),
      startStandIn,
      kind: 'rerank',
      namesModels: false,
    });
  });
}
