import assert from 'node:assert/strict';
import { it } from 'node:test';
import { collected } from '../../../test/contract/collected.ts';
import { REQUEST } from '../../../test/contract/generator.ts';
import { modelFailure } from '../../../test/contract/model-failures.ts';
import { temporaryPackage } from '../../../test/contract/temporary-package.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { aiSdkEmbedder } from '../embedder/ai-sdk.ts';
import { aiSdkGenerator } from '../generator/ai-sdk.ts';
import { aiSdkReranker } from '../reranker/ai-sdk.ts';
import { aiSdkModel } from './provider.ts';

const NEVER = new AbortController().signal;
const NAME = '@vendor/provider';

it('says how to install a package that is missing', async () => {
  await assert.rejects(
    aiSdkModel('language', { package: '@vendor/no-such', model: 'm', folder: import.meta.dirname }),
    {
      code: 'invalid_configuration',
      message: `the package @vendor/no-such is not installed: run npm install @vendor/no-such in ${import.meta.dirname}`,
    },
  );
});

for (const [title, code, text] of [
  ['does not load', 'throw new Error("too old")', /does not load: too old/],
  [
    'is no provider',
    'export const version = 1; export default null; export function createX() { throw 1; }',
    /no reranking models/,
  ],
  [
    'does not know the model',
    'export const p = { rerankingModel(name) { throw new Error(name + "?") } }',
    /has no m: m\?/,
  ],
] as const) {
  it(`says that a package ${title}`, async () => {
    await using folder = await temporaryPackage(NAME, code);
    await assert.rejects(
      aiSdkReranker({ package: NAME, model: 'm', folder: folder.path }),
      (error: Error) => {
        assert.match(error.message, text);
        return true;
      },
    );
  });
}

it('calls an unknown model so', async () => {
  await using server = await openaiStandIn();
  const embedder = await aiSdkEmbedder({
    package: '@ai-sdk/openai-compatible',
    settings: { name: 'stand-in', baseURL: `${server.url}/v1` },
    model: 'no-such-model',
  });
  const error = await modelFailure(embedder.canary(NEVER));
  assert.equal(error.failure, 'unknown_model');
  assert.match(error.message, /no-such-model/);
});

it('asks in batches of the size that the model allows, also when it is a promise', async () => {
  const code = `export const provider = { textEmbeddingModel: (modelId) => ({
    provider: 'v', modelId, maxEmbeddingsPerCall: Promise.resolve(2),
    doEmbed: async ({ values }) => {
      if (values.length > 2) throw new Error('too many');
      return { embeddings: values.map(() => [1, 1]) };
    },
  }) };`;
  await using folder = await temporaryPackage(NAME, code);
  const embedder = await aiSdkEmbedder({ package: NAME, model: 'm', folder: folder.path });
  assert.equal((await embedder.embedPassages(['a', 'b', 'c', 'd', 'e'], NEVER)).length, 5);
});

/** A generator whose model streams these parts. */
async function generatedFrom(parts: readonly unknown[]): Promise<string> {
  const code = `export function createProvider() {
    return Object.assign(() => null, { languageModel: () => ({
      provider: 'v', doStream: async () => ({ stream: ReadableStream.from(${JSON.stringify(parts)}) }),
    }) });
  }`;
  await using folder = await temporaryPackage(NAME, code);
  const generator = await aiSdkGenerator({ package: NAME, model: 'm', folder: folder.path });
  return (await collected(generator.generate(REQUEST, NEVER))).join('');
}

const TEXT = { type: 'text-delta', id: '0', delta: 'At two' };

it('reads text and leaves thoughts out, in all versions of the interface', async () => {
  const thought = { type: 'reasoning-delta', id: '1', delta: 'Hm' };
  for (const finishReason of ['stop', { unified: 'length', raw: 'length' }])
    assert.equal(await generatedFrom([thought, TEXT, { type: 'finish', finishReason }]), 'At two');
});

for (const [title, end, failure] of [
  ['an error as text', [{ type: 'error', error: 'boom' }], 'server_error'],
  ['an error as an object', [{ type: 'error', error: { message: 'boom' } }], 'server_error'],
  ['an error as the reason to finish', [{ type: 'finish', finishReason: 'error' }], 'unusable'],
  ['no end', [], 'unusable'],
] as const) {
  it(`takes a stream with ${title} as ${failure}`, async () => {
    assert.equal((await modelFailure(generatedFrom([TEXT, ...end]))).failure, failure);
  });
}
