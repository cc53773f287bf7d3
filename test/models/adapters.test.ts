import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ollamaEmbedder } from '../../src/adapters/embedder/ollama.ts';
import { openaiEmbedder } from '../../src/adapters/embedder/openai.ts';
import { ollamaGenerator } from '../../src/adapters/generator/ollama.ts';
import { openaiGenerator } from '../../src/adapters/generator/openai.ts';
import { dot, embedderContract } from '../contract/embedder.ts';
import { generatorContract, REQUEST } from '../contract/generator.ts';
import { modelFailure } from '../contract/model-failures.ts';
import { findOllama, startRealOllama, TINY, withTinyModels, type RealOllama } from './real-ollama.ts';

const NEVER = new AbortController().signal;
const MINILM = 'all-minilm';
const GOLDEN = new URL('../fixtures/minilm-golden.json', import.meta.url);

/** all-MiniLM-L6-v2 as GGUF: `HOLDFAST_TEST_MINILM_GGUF`, else in the cache. */
function findMinilm(): string | null {
  const { HOLDFAST_TEST_MINILM_GGUF: named, XDG_CACHE_HOME } = process.env;
  const file = named ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast', 'all-minilm.gguf');
  return existsSync(file) ? file : null;
}

const found = findOllama();
if ('missing' in found) it('adapters on a real Ollama', { skip: `NOT CHECKED: ${found.missing}` });
else {
  const minilm = findMinilm();
  let started: RealOllama | undefined;
  before(async () => {
    started = await startRealOllama(found);
    await withTinyModels(started);
    if (minilm !== null) await started.create(MINILM, await readFile(minilm));
  });
  after(async () => started?.[Symbol.asyncDispose]());
  const url = (): string => started?.url ?? assert.fail('Ollama has not started');
  const nothing = { [Symbol.asyncDispose]: async () => undefined };

  if (minilm === null) it('a real embedding model', { skip: 'NOT CHECKED: no all-minilm.gguf' });
  else {
    embedderContract('ollama, real', async () => {
      const embedder = ollamaEmbedder({ url: url(), model: MINILM });
      return { embedder, dimensions: 384, ...nothing };
    });
    it('gives the vectors of the reference (PyTorch) with all-MiniLM-L6-v2', async () => {
      const { cases } = JSON.parse(await readFile(GOLDEN, 'utf8')) as {
        cases: readonly { readonly text: string; readonly embedding: readonly number[] }[];
      };
      const place = { url: url(), model: MINILM };
      const texts = cases.map(({ text }) => text);
      for (const embedder of [ollamaEmbedder(place), openaiEmbedder(place)]) {
        const vectors = await embedder.embedPassages(texts, NEVER);
        for (const [at, vector] of vectors.entries())
          assert.ok(dot(vector, Float32Array.from(cases[at]?.embedding ?? [])) > 0.999, texts[at]);
      }
    });
  }

  generatorContract('ollama, real', async () => {
    const generator = ollamaGenerator({ url: url(), model: TINY.chatModel, contextTokens: 2048 });
    return { generator, ...nothing };
  });
  generatorContract('openai, real Ollama', async () => {
    const generator = openaiGenerator({ url: url(), model: TINY.chatModel });
    return { generator, ...nothing };
  });

  it('names the models of a real Ollama when one is unknown', async () => {
    const works = [
      ollamaEmbedder({ url: url(), model: 'no-such' }).canary(NEVER),
      openaiEmbedder({ url: url(), model: 'no-such' }).canary(NEVER),
      ollamaGenerator({ url: url(), model: 'no-such' }).preload(NEVER),
      openaiGenerator({ url: url(), model: 'no-such' }).preload(NEVER),
    ];
    for (const error of await Promise.all(works.map(modelFailure))) {
      assert.equal(error.failure, 'unknown_model', error.message);
      assert.match(error.message, new RegExp(`it has .*${TINY.chatModel}:latest`));
    }
  });

  it('tells whether a model is loaded', async () => {
    const generator = ollamaGenerator({ url: url(), model: TINY.chatModel });
    await generator.preload(NEVER);
    assert.equal(await generator.isLoaded?.(NEVER), true);
    const unload = { model: TINY.chatModel, messages: [], keep_alive: 0 };
    await (await fetch(`${url()}/api/chat`, { method: 'POST', body: JSON.stringify(unload) })).text();
    while ((await generator.isLoaded?.(NEVER)) !== false) await delay(50);
    await generator.preload(NEVER);
    assert.equal(await generator.isLoaded?.(NEVER), true);
  });

  it('takes a model of the wrong kind as rejected', async () => {
    const generator = ollamaGenerator({ url: url(), model: TINY.embeddingModel });
    const read = async (): Promise<void> => {
      for await (const _ of generator.generate(REQUEST, NEVER)) break;
    };
    const error = await modelFailure(read());
    assert.equal(error.failure, 'rejected');
    assert.match(error.message, /does not support chat/);
  });
}
