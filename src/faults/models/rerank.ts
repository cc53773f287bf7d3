import { pause, sendJson, type Call } from './call.ts';
import { fieldsOf, limitOf, textOf } from './fields.ts';
import { tokensOf, wordsOf } from './hashed-embedding.ts';
import { badParameter, type OpenAi } from './openai-state.ts';

/**
 * `POST /rerank` in the format that Jina, Cohere, vLLM and llama.cpp share. The score is the share of the question's words
 * that a document holds. Any model name is taken.
 */
export async function rerank(_: OpenAi, call: Call): Promise<void> {
  const body = fieldsOf(call.body);
  const query = textOf(body['query']);
  if (query === '') throw badParameter('query', 'query must not be empty');
  const documents = documentsOf(body['documents']);
  const asked = [...new Set(wordsOf(query))];
  const ranked = documents
    .map((text, index) => ({ index, relevance_score: scoreOf(text, asked) }))
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, Math.min(documents.length, limitOf(body['top_n'])));
  const isEchoed = body['return_documents'] === true;
  const results = ranked.map((one) =>
    isEchoed ? Object.assign(one, { document: { text: documents[one.index] } }) : one,
  );
  await pause(call.knobs.delayMs, call.signal);
  const tokens = [query, ...documents].reduce((sum, text) => sum + tokensOf(text).length, 0);
  sendJson(call, 200, { model: textOf(body['model']), usage: { total_tokens: tokens }, results });
}

function documentsOf(documents: unknown): readonly string[] {
  if (!Array.isArray(documents) || documents.length === 0)
    throw badParameter('documents', 'documents must be a list that is not empty');
  return documents.map((document: unknown) =>
    typeof document === 'string' ? document : textOf(fieldsOf(document)['text']),
  );
}

function scoreOf(text: string, asked: readonly string[]): number {
  const words = new Set(wordsOf(text));
  return asked.length === 0 ? 0 : asked.filter((word) => words.has(word)).length / asked.length;
}
