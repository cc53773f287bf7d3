import type { Reranker } from '../../core/models/reranker.ts';
import { field } from '../model-http/json-fields.ts';
import { modelServer } from '../model-http/model-server.ts';
import { rankedScores } from './ranked-scores.ts';

export interface HttpRerankerOptions {
  /** `http://127.0.0.1:8080`, `https://api.jina.ai/v1`; `/rerank` is put behind it unless it ends so. */
  readonly url: string;
  /** Sent when set; servers with one model need none. */
  readonly model?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly maxDocuments?: number | undefined;
}

const MAX_DOCUMENTS = 100;

/**
 * A reranking model behind `POST /rerank` as Jina, Cohere, Voyage, vLLM and llama.cpp have it:
 * `{model, query, documents, top_n}` in, `{index, relevance_score}` of each document out.
 */
export function httpReranker(options: HttpRerankerOptions): Reranker {
  const { model, apiKey, maxDocuments = MAX_DOCUMENTS } = options;
  const url = options.url.replace(/\/+$/, '').replace(/\/rerank$/, '');
  const server = modelServer({ name: 'the reranker', url, apiKey });
  return {
    profile: { model: model ?? server.place, maxDocuments },
    rerank: async (query, texts, signal) => {
      if (texts.length === 0) return [];
      const named = model === undefined ? {} : { model };
      const body = { ...named, query, documents: texts, top_n: texts.length, return_documents: false };
      const answer = await (await server.post('/rerank', body, signal)).json();
      return rankedScores(rankingOf(answer), { place: server.place, count: texts.length });
    },
  };
}

/** The list of results: `results` of most servers, `data` of Voyage, the answer itself of Text Embeddings Inference. */
function rankingOf(answer: unknown): unknown {
  const list = Array.isArray(answer) ? answer : (field(answer, 'results') ?? field(answer, 'data'));
  if (!Array.isArray(list)) return undefined;
  return list.map((one: unknown) => ({
    index: field(one, 'index'),
    score: field(one, 'relevance_score') ?? field(one, 'score'),
  }));
}
