import { linesOf } from '../documents/lines.ts';
import type { SearchResult } from '../retrieval/search.ts';
import type { Answer, Citation } from './answer.ts';
import type { Extraction, Quote } from './extraction.ts';

export interface ComposedAnswer {
  readonly answer: Answer;
  readonly citations: readonly Citation[];
}

/** The answer's text and citations; `results[quote.passage]` must be the result that the quote is from. */
export function composeAnswer(extraction: Extraction, results: readonly SearchResult[]): ComposedAnswer {
  if (extraction.refused) {
    return {
      answer: {
        text: REFUSALS[extraction.reason],
        mode: 'extractive',
        refused: true,
        reason: extraction.reason,
      },
      citations: [],
    };
  }
  const cited = extraction.quotes.flatMap((quote) => {
    const result = results[quote.passage];
    return result === undefined ? [] : [{ quote, result }];
  });
  return {
    answer: {
      text: joinMarked(cited.map(({ quote }) => quote)),
      mode: 'extractive',
      refused: false,
      reason: null,
    },
    citations: cited.map(({ quote, result }, at) => toCitation(quote, result, at + 1)),
  };
}

const REFUSALS = {
  no_results: 'Nothing was found for this question.',
  not_answered:
    'The documents do not seem to answer this question; the closest passages are listed as results.',
} as const;

/** Quotes with their markers; those of several lines (code, tables, lists) stand on lines of their own. */
function joinMarked(quotes: readonly Quote[]): string {
  let text = '';
  let wasBlock = false;
  for (const [at, { quote }] of quotes.entries()) {
    const isBlock = quote.includes('\n');
    if (at > 0) text += isBlock || wasBlock ? '\n' : ' ';
    text += `${quote}${isBlock ? '\n' : ' '}[${at + 1}]`;
    wasBlock = isBlock;
  }
  return text;
}

/** A quote with what a citation shows of the result that holds it. */
export function toCitation(
  { start, end, quote }: Pick<Citation, 'start' | 'end' | 'quote'>,
  result: SearchResult,
  marker: number,
): Citation {
  const { collection, chunkId, documentId, documentVersion, title, uri, headingPath, page } = result;
  const { text, start: from } = result;
  const line = result.lines?.start;
  const lines = line === undefined ? null : linesOf({ text, start: from, line }, { start, end });
  return {
    marker,
    collection,
    chunkId,
    documentId,
    documentVersion,
    title,
    uri,
    headingPath,
    page,
    ...(lines === null ? {} : { lines }),
    start,
    end,
    quote,
  };
}
