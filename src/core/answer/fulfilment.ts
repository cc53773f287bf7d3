import type { Expectation } from './answer-kind.ts';

const NUMBER =
  /\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundreds?|thousands?|millions?|billions?|dozens?|half|twice|several)\b/giu;
const DATE =
  /\b(?:1\d{3}|20\d\d)s?\b|\bcentur(?:y|ies)\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|\b\d+ ?(?:BCE?|AD|CE)\b|\b\d{1,2}:\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:daily|weekly|monthly|yearly|hourly|nightly)\b/g;
const REASON =
  /\b(?:because|due to|since|so that|in order to|caus\w+|reason\w*|therefore|as a result|result\w*|lead\w*|led|to (?:avoid|prevent|ensure|make|allow|help))\b/i;
const CAPITALISED = /(?<=[^.!?\s"“(]\s+["“(]?)\p{Lu}[\p{L}\p{M}'’-]+/gu;

/**
 * How well a text holds what the question expects, 0 to 1; things that the question names itself don't count.
 * A date or a number says more than a capital letter.
 */
export function fulfilment(
  { kind, counted }: Expectation,
  text: string,
  vocabulary: ReadonlySet<string>,
): number {
  switch (kind) {
    case 'date':
      return hasNew(text, DATE, vocabulary) ? 1 : 0;
    case 'percentage':
      return /\d\s?%|\bper ?cent/i.test(text) ? 1 : 0;
    case 'money':
      return /[$€£¥]\s?\d|\b(?:dollars?|euros?|pounds?|cents?)\b/i.test(text) ? 1 : 0;
    case 'number':
      return numberFulfilment(text, counted, vocabulary);
    case 'person':
      return hasNew(text, CAPITALISED, vocabulary) ? 0.5 : 0;
    case 'place':
      return hasNew(text, CAPITALISED, vocabulary) ? 0.25 : 0;
    case 'reason':
      return REASON.test(text) ? 0.3 : 0;
    case 'code':
      return 0;
  }
}

function hasNew(text: string, pattern: RegExp, vocabulary: ReadonlySet<string>): boolean {
  for (const [found] of text.matchAll(pattern)) if (!vocabulary.has(found.toLowerCase())) return true;
  return false;
}

const COUNTED_WITHIN = 40;

/** A number right before what is counted says all, any other number something. */
function numberFulfilment(text: string, counted: string, vocabulary: ReadonlySet<string>): number {
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
