import type { Reranker } from '../../core/models/reranker.ts';
import { aiSdkFailure } from '../ai-sdk/failures.ts';
import { aiSdkModel, type AiSdkOptions } from '../ai-sdk/provider.ts';
import { field } from '../model-http/json-fields.ts';
import { rankedScores } from './ranked-scores.ts';

const MAX_DOCUMENTS = 100;

/**
 * A reranking model of any provider package of the AI SDK that is installed.
 * @throws HoldfastError `invalid_configuration` when the package is missing or has no such models.
 */
export async function aiSdkReranker(options: AiSdkOptions): Promise<Reranker> {
  const model = await aiSdkModel('reranking', options);
  const place = `${model.provider} (AI SDK)`;
  const ranking = async (query: string, values: string[], abortSignal: AbortSignal): Promise<unknown> => {
    const documents = { type: 'text', values } as const;
    try {
      return field(await model.doRerank({ documents, query, topN: values.length, abortSignal }), 'ranking');
    } catch (error) {
      throw aiSdkFailure(place, error, abortSignal);
    }
  };
  return {
    profile: { model: options.model, maxDocuments: MAX_DOCUMENTS },
    rerank: async (query, texts, signal) => {
      signal.throwIfAborted();
      if (texts.length === 0) return [];
      const ranked = await ranking(query, [...texts], signal);
      const scores = Array.isArray(ranked) ? ranked.map(scored) : undefined;
      return rankedScores(scores, { place, count: texts.length });
    },
  };
}

function scored(one: unknown): { readonly index: unknown; readonly score: unknown } {
  return { index: field(one, 'index'), score: field(one, 'relevanceScore') };
}
