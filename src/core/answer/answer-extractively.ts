import { sentenceSpans } from '../documents/sentences.ts';
import type { SearchResult } from '../retrieval/search.ts';
import type { Passage as RetrievedPassage } from '../retrieval/retrieve.ts';
import type { EmbedShort, TextAnalysis } from '../retrieval/text-analysis.ts';
import { composeAnswer, type ComposedAnswer } from './compose.ts';
import { EXTRACT_DEFAULTS, extractAnswer } from './extract.ts';
import type { Passage } from './extraction.ts';

export interface ExtractiveTools {
  readonly analysis: TextAnalysis;
  readonly embed: EmbedShort;
}

export interface ExtractiveInput {
  readonly query: string;
  /** Best first; `results` are the same in the same order. */
  readonly passages: readonly RetrievedPassage[];
  readonly results: readonly SearchResult[];
  readonly maxAnswerChars: number;
}

/** An answer of quotes alone, without a language model; a refusal when the passages don't answer. */
export async function answerExtractively(
  { query, passages, results, maxAnswerChars }: ExtractiveInput,
  { analysis, embed }: ExtractiveTools,
): Promise<ComposedAnswer> {
  const [first] = passages;
  if (first === undefined) {
    return composeAnswer({ refused: true, reason: 'no_results', quotes: [], confidence: 0 }, results);
  }
  const { scope } = first.ranked;
  const input = {
    query,
    queryTerms: await analysis.queryTerms(scope, query),
    unknownIdf: await analysis.unknownIdf(scope),
    passages: passages.map(toPassage),
  };
  const options = { ...EXTRACT_DEFAULTS, maxChars: maxAnswerChars };
  return composeAnswer(
    extractAnswer(input, { terms: analysis.terms, embed, sentenceSpans }, options),
    results,
  );
}

function toPassage({ ranked, chunk }: RetrievedPassage): Passage {
  const { text, start, title, headingPath } = chunk;
  const language = chunk.language ?? 'en';
  return { chunkId: chunk.id, text, start, language, title, headingPath, score: ranked.score };
}
