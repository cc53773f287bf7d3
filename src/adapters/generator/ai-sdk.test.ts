import { remoteGeneratorContract } from '../../../test/contract/generator.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { aiSdkGenerator } from './ai-sdk.ts';

remoteGeneratorContract('ai-sdk', {
  create: async (url, model = 'tiny') =>
    aiSdkGenerator({
      package: '@ai-sdk/openai-compatible',
      settings: { name: 'stand-in', baseURL: `${url}/v1` },
      model,
    }),
  startStandIn: openaiStandIn,
  namesModels: false,
});
