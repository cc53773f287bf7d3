import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GenerateRequest, Generator } from '../../src/core/models/generator.ts';
import type { ModelFailure } from '../../src/core/models/model-error.ts';
import type { Knobs } from '../../src/faults/models/knobs.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { collected } from './collected.ts';
import { modelFailure, modelFailureContract } from './model-failures.ts';

const NEVER = new AbortController().signal;

/** A question with a passage, as small as it gets. */
export const REQUEST: GenerateRequest = {
  messages: [
    { role: 'system', content: 'Answer from the passages. Cite them as [1].' },
    { role: 'user', content: '[1] Backups run every night at two.\n\nQuestion: When do backups run?' },
  ],
  maxOutputTokens: 32,
  temperature: 0,
};

export interface GeneratorHarness extends AsyncDisposable {
  readonly generator: Generator;
}

/** What every generator does while its model works; real ones run it too. */
export function generatorContract(name: string, open: () => Promise<GeneratorHarness>): void {
  describe(`generator contract: ${name}`, () => {
    it('writes an answer in pieces that are never empty', async () => {
      await using harness = await open();
      const pieces = await collected(harness.generator.generate(REQUEST, NEVER));
      assert.ok(pieces.length > (harness.generator.profile.canStream ? 1 : 0), JSON.stringify(pieces));
      assert.ok(pieces.every((piece) => piece !== ''));
      assert.notEqual(pieces.join('').trim(), '');
    });

    it('writes the same again at temperature 0', async () => {
      await using harness = await open();
      const [first, second] = [await written(harness.generator), await written(harness.generator)];
      assert.equal(first, second);
    });

    it('writes no more than it is asked for', async () => {
      await using harness = await open();
      const pieces = await collected(harness.generator.generate({ ...REQUEST, maxOutputTokens: 2 }, NEVER));
      assert.ok(pieces.length <= 2, JSON.stringify(pieces));
    });

    it('has limits that make sense', async () => {
      await using harness = await open();
      const { profile } = harness.generator;
      assert.notEqual(profile.model, '');
      assert.ok(profile.maxOutputTokens > 0 && profile.maxOutputTokens < profile.contextTokens);
    });

    it('can be loaded ahead, again and again', async () => {
      await using harness = await open();
      await harness.generator.preload(NEVER);
      await harness.generator.preload(NEVER);
    });

    it('stops when it is aborted in the middle, with the reason of the signal', async () => {
      await using harness = await open();
      const controller = new AbortController();
      const reason = new Error('the client went away');
      const read = async (): Promise<void> => {
        for await (const _ of harness.generator.generate(REQUEST, controller.signal))
          controller.abort(reason);
      };
      await assert.rejects(read(), (error) => error === reason);
    });
  });
}

export interface RemoteGeneratorHarness {
  create(url: string, model?: string): Generator | Promise<Generator>;
  startStandIn(): Promise<StandIn>;
  /** @default true */
  readonly namesModels?: boolean;
}

const BROKEN: readonly (readonly [Knobs['breakWith'], ModelFailure, RegExp])[] = [
  ['close', 'unreachable', /broke the connection off/],
  ['reset', 'unreachable', /broke the connection off/],
  ['error', 'server_error', /broke off its answer: ./],
  ['garbage', 'unusable', /no JSON|ended/],
  ['end', 'unusable', /ended/],
];

/** What generators over HTTP do besides, and when their server fails or lies. */
export function remoteGeneratorContract(
  name: string,
  { create, startStandIn, namesModels = true }: RemoteGeneratorHarness,
): void {
  generatorContract(name, async () => {
    const server = await startStandIn();
    const dispose = async (): Promise<void> => server[Symbol.asyncDispose]();
    return { generator: await create(server.url), [Symbol.asyncDispose]: dispose };
  });

  describe(`generator failures: ${name}`, () => {
    modelFailureContract({
      call: async (url, signal, model) => collected((await create(url, model)).generate(REQUEST, signal)),
      startStandIn,
      kind: 'chat',
      namesModels,
    });

    for (const [breakWith, failure, text] of BROKEN) {
      it(`gives what came before the stream broke with ${breakWith}, then ${failure}`, async () => {
        await using server = await startStandIn();
        server.set({ breakAfterTokens: 3, breakWith, tokenIntervalMs: 2 });
        const pieces: string[] = [];
        const read = async (): Promise<void> => {
          for await (const piece of (await create(server.url)).generate(REQUEST, NEVER)) pieces.push(piece);
        };
        const error = await modelFailure(read());
        assert.equal(error.failure, failure, error.message);
        assert.match(error.message, text);
        // A broken connection may take the last piece with it.
        assert.ok(pieces.length === 3 || (failure === 'unreachable' && pieces.length === 2), String(pieces));
      });
    }

    it('frees the connection of a stalled stream as soon as the signal is aborted', async () => {
      await using server = await startStandIn();
      server.set({ breakAfterTokens: 2, breakWith: 'stall' });
      const controller = new AbortController();
      const read = async (): Promise<void> => {
        let pieces = 0;
        const generator = await create(server.url);
        for await (const _ of generator.generate(REQUEST, controller.signal))
          if (++pieces === 2) controller.abort(new Error('silent for too long'));
      };
      await assert.rejects(read(), /silent for too long/);
      await server.until((counts) => counts.aborted === 1 && counts.inFlight === 0);
    });

    it('stops the model when the reader leaves', async () => {
      await using server = await startStandIn();
      server.set({ tokenIntervalMs: 20 });
      for await (const _ of (await create(server.url)).generate(REQUEST, NEVER)) break;
      await server.until((counts) => counts.aborted === 1 && counts.inFlight === 0);
      assert.ok(server.counts().tokens < 5);
    });

    it('asks nothing before it is read', async () => {
      await using server = await startStandIn();
      (await create(server.url)).generate(REQUEST, NEVER);
      assert.deepEqual(server.seen(), []);
    });

    it('takes an answer without text as unusable', async () => {
      await using server = await startStandIn();
      const request = { ...REQUEST, maxOutputTokens: 0 };
      const error = await modelFailure(collected((await create(server.url)).generate(request, NEVER)));
      assert.match(error.message, /without any text/);
    });

    it('says what is wrong when it cannot be loaded', async () => {
      await using server = await startStandIn();
      const error = await modelFailure((await create(server.url, 'no-such-model')).preload(NEVER));
      assert.equal(error.failure, 'unknown_model');
    });
  });
}

export async function written(generator: Generator): Promise<string> {
  return (await collected(generator.generate(REQUEST, NEVER))).join('');
}
