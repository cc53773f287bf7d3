import type { AnswerKind, Expectation } from './answer-kind.ts';

const NUMBER =
  /\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundreds?|thousands?|millions?|billions?|dozens?|half|twice|several)\b/giu;
const DATE =
  /\b(?:1\d{3}|20\d\d)s?\b|\bcentur(?:y|ies)\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|\b\d+ ?(?:BCE?|AD|CE)\b|\b\d{1,2}:\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:daily|weekly|monthly|yearly|hourly|nightly)\b/g;
const REASON =
  /\b(?:because|due to|since|so that|in order to|caus\w+|reason\w*|therefore|as a result|result\w*|lead\w*|led|to (?:avoid|prevent|ensure|make|allow|help))\b/i;
const CAPITALISED = /(?<=[^.!?\s"“(]\s+["“(]?)\p{Lu}[\p{L}\p{M}'’-]+/gu;

type Test = (text: string, vocabulary: ReadonlySet<string>, counted: string) => number;

/** A date or a number says more than a capital letter, and so is worth more. */
const TESTS = {
  date: (text, vocabulary) => (hasNew(text, DATE, vocabulary) ? 1 : 0),
  percentage: (text) => (/\d\s?%|\bper ?cent/i.test(text) ? 1 : 0),
  money: (text) => (/[$€£¥]\s?\d|\b(?:dollars?|euros?|pounds?|cents?)\b/i.test(text) ? 1 : 0),
  number: (text, vocabulary, counted) => numberFulfilment(text, vocabulary, counted),
  person: (text, vocabulary) => (hasNew(text, CAPITALISED, vocabulary) ? 0.5 : 0),
  place: (text, vocabulary) => (hasNew(text, CAPITALISED, vocabulary) ? 0.25 : 0),
  reason: (text) => (REASON.test(text) ? 0.3 : 0),
  /** Told by the kind of the unit, not by its words. */
  code: () => 0,
} satisfies Record<AnswerKind, Test>;

/** How well a text holds what the question expects, 0 to 1; what the question names itself doesn't count. */
export function fulfilment(
  { kind, counted }: Expectation,
  text: string,
  vocabulary: ReadonlySet<string>,
): number {
  return TESTS[kind](text, vocabulary, counted);
}

function hasNew(text: string, pattern: RegExp, vocabulary: ReadonlySet<string>): boolean {
  for (const [found] of text.matchAll(pattern)) if (!vocabulary.has(found.toLowerCase())) return true;
  return false;
}

const COUNTED_WITHIN = 40;

/** A number right before what is counted says all, any other number something. */
function numberFulfilment(text: string, vocabulary: ReadonlySet<string>, counted: string): number {
  let best = 0;
  for (const match of text.matchAll(NUMBER)) {
    if (vocabulary.has(match[0].toLowerCase())) continue;
    best = Math.max(best, 0.5);
    const after = match.index + match[0].length;
    if (
      counted !== '' &&
      text
        .slice(after, after + COUNTED_WITHIN)
        .toLowerCase()
        .includes(` ${counted}`)
    )
      return 1;
  }
  return best;
}
