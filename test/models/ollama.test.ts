import { after, before, describe, test } from 'node:test';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import { ollamaContract, type OllamaTarget } from './ollama-contract.ts';
import { findOllama, startRealOllama, TINY, withTinyModels } from './real-ollama.ts';

/** Starts the target before the tests of a block and ends it after them. */
function contractOf(name: string, start: () => Promise<OllamaTarget>): void {
  describe(name, () => {
    let target: OllamaTarget | undefined;
    before(async () => {
      target = await start();
    });
    after(async () => target?.[Symbol.asyncDispose]());
    ollamaContract(name, () => {
      if (target === undefined) throw new Error(`${name} has not started`);
      return target;
    });
  });
}

contractOf('the stand-in', async () => {
  const standIn = await ollamaStandIn({ answer: 'word '.repeat(5000), knobs: { tokenIntervalMs: 1 } });
  return Object.assign(standIn, { embeddingModel: 'all-minilm', chatModel: 'tiny', dimension: 384 });
});

const found = findOllama();
if ('missing' in found) {
  test('a real Ollama', { skip: `NOT CHECKED: ${found.missing}` });
} else {
  contractOf('a real Ollama', async () => {
    const ollama = await startRealOllama(found);
    try {
      await withTinyModels(ollama);
    } catch (error) {
      await ollama[Symbol.asyncDispose]();
      throw error;
    }
    return Object.assign(ollama, TINY);
  });
}
