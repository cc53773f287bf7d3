import { estimateTokens } from '../../core/ingest/estimate-tokens.ts';

/** Estimates are a few percent off, and models put tokens of their own around the text. */
const SAFETY = 0.9;
const MAX_CHARACTERS_PER_TOKEN = 16;

/** The start of a text that surely fits into a model, for servers that refuse a longer one instead of cutting it. */
export function cutText(text: string, contextTokens: number): string {
  const budget = contextTokens * SAFETY - 2;
  if (text.length <= budget) return text;
  const start = text.slice(0, contextTokens * MAX_CHARACTERS_PER_TOKEN);
  if (estimateTokens(start) <= budget) return start;
  let fits = 0;
  let tooLong = start.length;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (estimateTokens(start, 0, middle) <= budget) fits = middle;
    else tooLong = middle;
  }
  return start.slice(0, fits);
}
