import { after } from 'node:test';
import { temporaryPackage } from '../../../test/contract/temporary-package.ts';
import { remoteRerankerContract } from '../../../test/contract/reranker.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { aiSdkReranker } from './ai-sdk.ts';

/** As `@ai-sdk/cohere` does it: asks with the given fetch and throws an `APICallError`. */
const PROVIDER = `
class APICallError extends Error {
  name = 'AI_APICallError';
}
export const createVendor = ({ fetch, baseURL }) => ({
  rerankingModel: (modelId) => ({
    provider: 'vendor.reranking',
    async doRerank({ documents, query, topN, abortSignal }) {
      const body = JSON.stringify({ model: modelId, query, documents: documents.values, top_n: topN });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(baseURL + '/rerank', { method: 'POST', headers, body, signal: abortSignal });
      const responseBody = await response.text();
      const about = { statusCode: response.status, responseHeaders: Object.fromEntries(response.headers), responseBody };
      if (!response.ok) throw Object.assign(new APICallError(response.statusText), about);
      try {
        const { results } = JSON.parse(responseBody);
        return { ranking: results?.map(({ index, relevance_score }) => ({ index, relevanceScore: relevance_score })) };
      } catch (cause) {
        throw Object.assign(new APICallError('Invalid JSON response', { cause }), about);
      }
    },
  }),
});
`;

const folder = await temporaryPackage('@vendor/provider', PROVIDER);
after(async () => folder[Symbol.asyncDispose]());

remoteRerankerContract('ai-sdk', {
  create: async (url) =>
    aiSdkReranker({
      package: '@vendor/provider',
      model: 'any',
      folder: folder.path,
      settings: { baseURL: url },
    }),
  startStandIn: openaiStandIn,
});
