import { readPassages } from './candidates.ts';
import { orderForAnswer } from './complement.ts';
import { confidenceOf, gatherEvidence } from './confidence.ts';
import type { ExtractInput, Extraction, ExtractOptions, ExtractTools } from './extraction.ts';
import { readQuestion } from './question.ts';
import { scoreCandidates } from './score.ts';
import { selectQuotes } from './select.ts';

export const EXTRACT_DEFAULTS: ExtractOptions = { maxChars: 400, minConfidence: 0.5 };

/** Quotes what answers the question from the passages, or refuses when they don't answer it. */
export function extractAnswer(
  input: ExtractInput,
  tools: ExtractTools,
  options: ExtractOptions = EXTRACT_DEFAULTS,
): Extraction {
  if (input.passages.length === 0) return { refused: true, reason: 'no_results', quotes: [], confidence: 0 };
  const question = readQuestion(input, tools);
  const passages = readPassages(input, { question, tools, maxChars: options.maxChars });
  const scored = scoreCandidates(passages, question, { input, tools });
  const confidence = confidenceOf(gatherEvidence(passages, scored, question));
  const quotes =
    confidence < options.minConfidence ? [] : selectQuotes(orderForAnswer(scored, question), input, options);
  if (quotes.length === 0) return { refused: true, reason: 'not_answered', quotes: [], confidence };
  return { refused: false, quotes, confidence };
}
