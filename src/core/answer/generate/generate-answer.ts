import type { SearchResult } from '../../retrieval/search.ts';
import type { Generator } from '../../models/generator.ts';
import type { Answer, Citation } from '../answer.ts';
import { toCitation } from '../compose.ts';
import { ground, type GroundPassage, type GroundTools } from './ground.ts';
import { outputFilter } from './output-filter.ts';
import { leakGuard, secretOf, type LeakGuard } from './leak-guard.ts';
import { holdsLink } from './links.ts';
import { buildPrompt, INSTRUCTIONS, NOT_ANSWERED } from './prompt.ts';

export interface GenerationInput {
  readonly question: string;
  /** Best first; `passages[n - 1]` is what marker n points at. */
  readonly passages: readonly (GroundPassage & { readonly result: SearchResult })[];
}

export interface GenerationTools extends GroundTools {
  readonly generator: Generator;
  /** Word pieces of a text: what the prompt's budget is counted in. */
  readonly countTokens: (text: string) => number;
}

export type GenerationOutcome =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly citations: readonly Citation[] }
  /** The model says that the passages don't answer. */
  | { readonly kind: 'not_answered' }
  /** The answer cannot be trusted or is not there; why, for the `degraded` entry. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Word pieces of other models differ; so much of the context is left free. */
const BUDGET_SHARE = 0.85;
const MAX_ANSWER_CHARS = 16_000;
const SECRET = secretOf(INSTRUCTIONS);

/**
 * Streams an answer that a model writes from the passages: yields the text that may be shown, returns what became
 * of it. Never throws for what the model does; throws when the signal aborts.
 */
export async function* generateAnswer(
  input: GenerationInput,
  tools: GenerationTools,
  signal: AbortSignal,
): AsyncGenerator<string, GenerationOutcome> {
  const { generator, countTokens } = tools;
  const { contextTokens, maxOutputTokens } = generator.profile;
  const prompt = buildPrompt({
    question: input.question,
    passages: input.passages.map(({ result }) => result),
    budgetTokens: Math.floor((contextTokens - maxOutputTokens) * BUDGET_SHARE),
    countTokens,
  });
  if (prompt.passageCount === 0)
    return { kind: 'failed', reason: `no passage fits the context of ${contextTokens} tokens` };
  const cited = input.passages.slice(0, prompt.passageCount);
  const filter = outputFilter({
    passageCount: prompt.passageCount,
    isKnownLink: (link, markers) => markers.some((marker) => holdsLink(cited[marker - 1]?.text ?? '', link)),
  });
  const guard = leakGuard(
    SECRET,
    cited.map((passage) => passage.text),
  );
  let text = '';
  let lost: GenerationOutcome | null = null;
  try {
    for await (const piece of generator.generate(
      { messages: prompt.messages, maxOutputTokens, temperature: 0 },
      signal,
    )) {
      const shown = guard.push(filter.push(piece));
      text += shown;
      lost = distrust(text, guard);
      if (lost !== null) return lost;
      if (shown !== '' && !mayBeRefusal(text)) yield shownNow(text, shown);
      if (text.length > MAX_ANSWER_CHARS) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  const rest = guard.push(filter.end()) + guard.end();
  text += rest;
  lost = distrust(text, guard);
  if (lost !== null) return lost;
  if (rest !== '' && !isRefusal(text)) yield shownNow(text, rest);
  return isRefusal(text) ? { kind: 'not_answered' } : judge(text, cited, tools);
}

/** Why the answer cannot be trusted as it is so far. */
function distrust(text: string, { hasLeaked }: Pick<LeakGuard, 'hasLeaked'>): GenerationOutcome | null {
  if (hasLeaked) return LEAKED;
  // A part of the answer may have been shown already.
  return text.includes(NOT_ANSWERED) && !isRefusal(text) ? CONTRADICTION : null;
}

const LEAKED: GenerationOutcome = { kind: 'failed', reason: 'the model repeated its instructions' };

const CONTRADICTION: GenerationOutcome = {
  kind: 'failed',
  reason: 'the model said in the middle of its answer that there is none',
};

function isRefusal(text: string): boolean {
  return text.trim().startsWith(NOT_ANSWERED);
}

/** While this is all there is, nothing is shown: it may become a refusal. */
function mayBeRefusal(text: string): boolean {
  return NOT_ANSWERED.startsWith(text.trim()) || isRefusal(text);
}

/** The new piece; all of the text when it was held back as a possible refusal so far. */
function shownNow(text: string, piece: string): string {
  return NOT_ANSWERED.startsWith(text.slice(0, text.length - piece.length).trim()) ? text : piece;
}

function judge(raw: string, cited: GenerationInput['passages'], tools: GroundTools): GenerationOutcome {
  const text = raw.trim();
  if (text === '') return { kind: 'failed', reason: 'the model gave an empty answer' };
  const { supports, unsupported } = ground(text, cited, tools);
  if (supports.length === 0)
    return {
      kind: 'failed',
      reason: 'ungrounded: no sentence of the answer is supported by the passage it cites',
    };
  const answer: Answer = {
    text,
    mode: 'generated',
    refused: false,
    reason: null,
    ...(unsupported.length === 0 ? {} : { unsupported }),
  };
  return {
    kind: 'answered',
    answer,
    citations: supports.flatMap((support) => {
      const result = cited[support.marker - 1]?.result;
      return result === undefined ? [] : [toCitation(support, result, support.marker)];
    }),
  };
}
