import { remoteEmbedderContract } from '../../../test/contract/embedder.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { aiSdkEmbedder } from './ai-sdk.ts';

remoteEmbedderContract('ai-sdk', {
  create: async (url, options) =>
    aiSdkEmbedder({
      package: '@ai-sdk/openai-compatible',
      settings: { name: 'stand-in', baseURL: `${url}/v1` },
      model: 'all-minilm',
      ...options,
    }),
  startStandIn: openaiStandIn,
  namesModels: false,
});
