import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import { runContract, runOnRealOllama } from './contract-target.ts';
import { ollamaContract } from './ollama-contract.ts';

runContract('the stand-in', ollamaContract, async () => {
  const standIn = await ollamaStandIn({ answer: 'word '.repeat(5000), knobs: { tokenIntervalMs: 1 } });
  return Object.assign(standIn, { embeddingModel: 'all-minilm', chatModel: 'tiny', dimension: 384 });
});

runOnRealOllama(ollamaContract, (ollama) => ollama);
