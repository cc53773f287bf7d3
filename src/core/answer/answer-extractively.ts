import { sentenceSpans } from '../documents/sentences.ts';
import type { SearchResult } from '../retrieval/search.ts';
import type { Scope } from '../documents/ids.ts';
import { unlimited, type QuestionWords, type WithinLimit } from '../retrieval/catalog-scan.ts';
import type { Passage as RetrievedPassage } from '../retrieval/retrieve.ts';
import type { EmbedShort, TextAnalysis } from '../retrieval/text-analysis.ts';
import { composeAnswer, type ComposedAnswer } from './compose.ts';
import { EXTRACT_DEFAULTS, extractAnswer } from './extract.ts';
import type { Passage } from './extraction.ts';

/** The weight of a word in a tenth of the passages of a large collection. */
const EQUAL_IDF = Math.log(10);

export interface ExtractiveTools {
  readonly analysis: TextAnalysis;
  readonly embed: EmbedShort;
  /** Bounds one call of the index. Left out: the request's own deadline does. */
  readonly limitIndex?: WithinLimit;
}

export interface ExtractiveInput {
  readonly query: string;
  /** Best first; `results` are the same in the same order. */
  readonly passages: readonly RetrievedPassage[];
  readonly results: readonly SearchResult[];
  readonly maxAnswerChars: number;
  /** Of collections whose index cannot tell; that of others is asked. */
  readonly words: ReadonlyMap<Scope, QuestionWords>;
}

/** An extractive answer, and why it had to be found without the statistics of the index; null: it had them. */
export interface ExtractiveAnswer extends ComposedAnswer {
  readonly lostWords: string | null;
}

/** An answer of quotes alone, without a language model; a refusal when the passages don't answer. */
export async function answerExtractively(
  { query, passages, results, maxAnswerChars, words }: ExtractiveInput,
  tools: ExtractiveTools,
  signal: AbortSignal,
): Promise<ExtractiveAnswer> {
  const [first] = passages;
  if (first === undefined) {
    const nothing = { refused: true, reason: 'no_results', quotes: [], confidence: 0 } as const;
    return { ...composeAnswer(nothing, results), lostWords: null };
  }
  const known = words.get(first.ranked.scope);
  const { terms, unknownIdf, lost } =
    known === undefined ? await questionWords(query, first, { tools, signal }) : { ...known, lost: null };
  const { analysis, embed } = tools;
  const input = {
    query,
    queryTerms: terms,
    unknownIdf,
    passages: passages.map(toPassage),
  };
  const options = { ...EXTRACT_DEFAULTS, maxChars: maxAnswerChars };
  const extraction = extractAnswer(input, { terms: analysis.terms, embed, sentenceSpans }, options);
  return { ...composeAnswer(extraction, results), lostWords: lost };
}

/** Every word weighs the same when the index cannot tell. */
async function questionWords(
  query: string,
  { ranked: { scope }, chunk }: RetrievedPassage,
  { tools, signal }: { readonly tools: ExtractiveTools; readonly signal: AbortSignal },
): Promise<QuestionWords & { readonly lost: string | null }> {
  const { analysis, limitIndex = unlimited } = tools;
  try {
    return await limitIndex(signal, async () => {
      const terms = await analysis.queryTerms(scope, query);
      return { terms, unknownIdf: await analysis.unknownIdf(scope), lost: null };
    });
  } catch (error) {
    signal.throwIfAborted();
    const terms = analysis
      .terms(query, chunk.language ?? 'en')
      .map(({ term, start, end }) => ({ term, start, end, idf: EQUAL_IDF }));
    return { terms, unknownIdf: EQUAL_IDF, lost: error instanceof Error ? error.message : String(error) };
  }
}

function toPassage({ ranked, chunk }: RetrievedPassage): Passage {
  const { text, start, title, headingPath } = chunk;
  const language = chunk.language ?? 'en';
  return { chunkId: chunk.id, text, start, language, title, headingPath, score: ranked.score };
}
