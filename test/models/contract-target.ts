import { after, before, describe, test } from 'node:test';
import { findOllama, startRealOllama, TINY, withTinyModels, type RealOllama } from './real-ollama.ts';

type Contract<Target> = (name: string, target: () => Target) => void;

/** Runs a contract suite on a target that is started before it and ended after it. */
export function runContract<Target extends AsyncDisposable>(
  name: string,
  contract: Contract<Target>,
  start: () => Promise<Target>,
): void {
  describe(name, () => {
    let target: Target | undefined;
    before(async () => {
      target = await start();
    });
    after(async () => target?.[Symbol.asyncDispose]());
    contract(name, () => {
      if (target === undefined) throw new Error(`${name} has not started`);
      return target;
    });
  });
}

/** Runs a contract suite on a real Ollama with tiny models, or says loudly that it could not. */
export function runOnRealOllama<Target extends AsyncDisposable>(
  contract: Contract<Target>,
  asTarget: (ollama: RealOllama & typeof TINY) => Target,
): void {
  const found = findOllama();
  if ('missing' in found) {
    test('a real Ollama', { skip: `NOT CHECKED: ${found.missing}` });
    return;
  }
  runContract('a real Ollama', contract, async () => {
    const ollama = await startRealOllama(found);
    try {
      await withTinyModels(ollama);
      return asTarget(Object.assign(ollama, TINY));
    } catch (error) {
      await ollama[Symbol.asyncDispose]();
      throw error;
    }
  });
}
