import type { ExtractInput, ExtractOptions, Quote } from './extraction.ts';
import { ANNOUNCED } from './features.ts';
import { plainText } from './prose.ts';
import type { ScoredCandidate } from './score.ts';

/** At most so many quotes make an answer. */
const MOST_QUOTES = 4;
/** A further quote may score so much less than the best; scores are log odds, so e^5 = 150 times less likely. */
const WORST_BEHIND = 5;

/** A quote in the making: units of one passage that follow each other. */
interface Draft {
  readonly passage: number;
  readonly score: number;
  start: number;
  end: number;
  lastOrder: number;
}

/**
 * The first units that fit, in the order given. What a unit announces with a colon follows it in the same quote, and a
 * sentence that goes on where a quote ends joins it.
 */
export function selectQuotes(
  scored: readonly ScoredCandidate[],
  input: ExtractInput,
  { maxChars }: ExtractOptions,
): Quote[] {
  const byPlace = new Map(
    scored.map((candidate) => [placeOf(candidate.passage, candidate.order), candidate]),
  );
  const drafts: Draft[] = [];
  const texts = input.passages.map(({ text }) => text);
  let left = maxChars;
  for (const candidate of scored) {
    const best = drafts[0];
    if (best !== undefined && candidate.score < best.score - WORST_BEHIND) break;
    if (isTaken(candidate, drafts, texts)) continue;
    const joined = drafts.find((draft) => goesOn(draft, candidate, texts));
    const cost = joined === undefined ? candidate.end - candidate.start : candidate.end - joined.end;
    if (cost > left || (joined === undefined && drafts.length === MOST_QUOTES)) continue;
    left -= cost + 1;
    if (joined !== undefined) extend(joined, candidate);
    else {
      const draft = startDraft(candidate);
      left -= announced(draft, byPlace, { texts, left });
      drafts.push(draft);
    }
  }
  return drafts.map((draft) => toQuote(draft, input));
}

function placeOf(passage: number, order: number): string {
  return `${passage}:${order}`;
}

function startDraft({ passage, score, start, end, order }: ScoredCandidate): Draft {
  return { passage, score, start, end, lastOrder: order };
}

function extend(draft: Draft, candidate: ScoredCandidate): void {
  draft.end = candidate.end;
  draft.lastOrder = candidate.order;
}

/** Adds the list items, rows or code that follow a colon, as far as they fit; returns what they cost. */
function announced(
  draft: Draft,
  byPlace: ReadonlyMap<string, ScoredCandidate>,
  { texts, left }: { readonly texts: readonly string[]; readonly left: number },
): number {
  const from = draft.end;
  if (texts[draft.passage]?.charAt(from - 1) !== ':') return 0;
  for (;;) {
    const next = byPlace.get(placeOf(draft.passage, draft.lastOrder + 1));
    if (next === undefined || !ANNOUNCED.has(next.kind) || next.end - from > left) return draft.end - from;
    extend(draft, next);
  }
}

/** Whether the candidate is the next sentence of the quote's paragraph. */
function goesOn(draft: Draft, candidate: ScoredCandidate, texts: readonly string[]): boolean {
  if (candidate.passage !== draft.passage || candidate.order !== draft.lastOrder + 1) return false;
  if (candidate.kind !== 'sentence') return false;
  return /^[^\S\n]*$/.test(texts[draft.passage]?.slice(draft.end, candidate.start) ?? '-');
}

/** Whether a quote holds the candidate's words already, or the candidate holds a quote's. */
function isTaken(candidate: ScoredCandidate, drafts: readonly Draft[], texts: readonly string[]): boolean {
  const words = plainText(candidate.text);
  return drafts.some(({ passage, start, end }) => {
    if (passage === candidate.passage && start < candidate.end && candidate.start < end) return true;
    const quoted = plainText(texts[passage]?.slice(start, end) ?? '');
    return quoted.includes(words) || words.includes(quoted);
  });
}

function toQuote({ passage, start, end, score }: Draft, input: ExtractInput): Quote {
  const { text, start: offset } = input.passages[passage] ?? { text: '', start: 0 };
  return { passage, start: offset + start, end: offset + end, quote: text.slice(start, end), score };
}
