import type { ExtractInput, ExtractOptions, Quote } from './extraction.ts';
import type { ScoredCandidate } from './score.ts';

/** At most so many quotes make an answer. */
const MOST_QUOTES = 4;
/** A further quote must be worth this share of the best one's score. */
const WORTH = 0.5;

/** The best units that fit, best first; one that follows its predecessor directly joins it. */
export function selectQuotes(
  scored: readonly ScoredCandidate[],
  input: ExtractInput,
  { maxChars }: ExtractOptions,
): Quote[] {
  const quotes: Quote[] = [];
  let left = maxChars;
  for (const candidate of scored) {
    const length = candidate.end - candidate.start;
    if (quotes.length === MOST_QUOTES) break;
    if (length > left || (quotes[0] !== undefined && candidate.score < WORTH * quotes[0].score)) continue;
    if (isRepeated(candidate, quotes, input)) continue;
    quotes.push(toQuote(candidate, input));
    left -= length + 1;
  }
  return quotes;
}

function isRepeated(candidate: ScoredCandidate, quotes: readonly Quote[], input: ExtractInput): boolean {
  const { start, end } = toQuote(candidate, input);
  return quotes.some(
    ({ passage, quote, ...span }) =>
      quote.includes(candidate.text) ||
      candidate.text.includes(quote) ||
      (passage === candidate.passage && span.start < end && start < span.end),
  );
}

function toQuote(candidate: ScoredCandidate, input: ExtractInput): Quote {
  const offset = input.passages[candidate.passage]?.start ?? 0;
  return {
    passage: candidate.passage,
    start: offset + candidate.start,
    end: offset + candidate.end,
    quote: candidate.text,
    score: candidate.score,
  };
}
