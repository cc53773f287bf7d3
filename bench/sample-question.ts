import type { AskRequest, AskResponse } from '../src/core/answer/answer.ts';
import { DEFAULT_TENANT, type CollectionName } from '../src/core/documents/ids.ts';

/** A question for what stands before the answering, where nothing looks at the documents. */
export const SAMPLE_REQUEST: AskRequest = {
  tenant: DEFAULT_TENANT,
  query: 'When do backups run?',
  collections: ['docs' as CollectionName],
  filter: {},
  topK: 10,
  mode: 'hybrid',
  maxAnswerChars: 400,
};

/** A whole answer to it. */
export const SAMPLE_RESPONSE: AskResponse = {
  id: 'made',
  query: SAMPLE_REQUEST.query,
  results: [],
  retrieval: { mode: 'hybrid', generation: 'g', embeddingModel: 'm' },
  degraded: [],
  timingsMs: { total: 1 },
  answer: { text: 'At 02:00 [1].', mode: 'extractive', refused: false, reason: null },
  citations: [],
  cache: 'off',
};
