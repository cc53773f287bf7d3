/** What a question asks for, as far as its words say so. */
export type AnswerKind = 'date' | 'percentage' | 'money' | 'number' | 'person' | 'place' | 'reason' | 'code';

/** First match decides. */
const ASKING: readonly (readonly [AnswerKind, RegExp])[] = [
  ['percentage', /\bper ?cent(?:age)?\b|\bporcentagem\b|\bprozent\b/i],
  [
    'date',
    /\b(?:when|(?:what|which) (?:\w+ )?(?:years?|dates?|century|centuries|decades?|days?|months?)|quando|wann|quand|cuándo)\b/i,
  ],
  [
    'money',
    /\bhow much (?:money|did|does|do|would|was|is|were)\b.*\b(?:cost|pay|paid|worth|spen[dt]|price|earn|raise|invest|donat)|\b(?:what|which) (?:price|cost|amount of money)\b/i,
  ],
  [
    'number',
    /\bhow (?:many|much|long|old|far|tall|large|big|fast|often|deep|high|wide|heavy)\b|\b(?:what|which) (?:\w+ )?(?:number|population|amount|size|length|height|temperature|limit|rate)\b|\bquant[oa]s\b|\bwie ?viele?\b|\bcombien\b|\bcuánt[oa]s?\b/i,
  ],
  ['person', /\b(?:who|whom|whose|quem|wer|quién)\b/i],
  [
    'place',
    /\b(?:where|onde|wo|où|dónde)\b|\b(?:what|which) (?:\w+ )?(?:country|countries|city|cities|town|state|region|continent|island|place|location|river|county)\b/i,
  ],
  ['reason', /\b(?:why|por que|warum|pourquoi)\b/i],
  [
    'code',
    /\b(?:commands?|snippets?|syntax|source code|code example|signature|configur\w*|how (?:do|can|to|would|should) (?:i|you|we)?\s*(?:install|run|call|invoke|start|import|define|declare|implement))\b/i,
  ],
];

export function expectedAnswer(question: string): AnswerKind | null {
  return ASKING.find(([, pattern]) => pattern.test(question))?.[0] ?? null;
}

const NUMBER_WORD =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?|thousands?|millions?|billions?|dozens?|half|third|quarter|once|twice|several|first|second)\b/i;
const DATE =
  /\b(?:1\d{3}|20\d\d)s?\b|\bcentur(?:y|ies)\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|\b\d+ ?(?:BC|AD|BCE|CE)\b|\b\d{1,2}:\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:daily|weekly|monthly|yearly|hourly|nightly)\b/g;
const REASON =
  /\b(?:because|due to|since|so that|in order to|caus\w+|reason\w*|therefore|as a result|result\w*|lead\w*|led|to (?:avoid|prevent|ensure|make|allow))\b/i;
const CAPITALISED = /(?<=[^.!?\s"“(]\s+["“(]?)\p{Lu}[\p{L}\p{M}'’-]+/gu;

/** 1 when the text holds what the question asks for and the question doesn't name it itself, else 0. */
export function fulfils(kind: AnswerKind, text: string, vocabulary: ReadonlySet<string>): number {
  switch (kind) {
    case 'date':
      return hasNew(text, DATE, vocabulary) ? 1 : 0;
    case 'percentage':
      return /\d\s?%|per ?cent/i.test(text) ? 1 : 0;
    case 'money':
      return /[$€£¥]\s?\d|\b(?:dollars?|euros?|pounds?|cents?)\b/i.test(text) ? 1 : 0;
    case 'number':
      return hasNew(text, /\d[\d.,]*/g, vocabulary) ? 1 : NUMBER_WORD.test(text) ? 0.7 : 0;
    case 'person':
    case 'place':
      return hasNew(text, CAPITALISED, vocabulary) ? 1 : 0;
    case 'reason':
      return REASON.test(text) ? 1 : 0;
    case 'code':
      return 0;
  }
}

function hasNew(text: string, pattern: RegExp, vocabulary: ReadonlySet<string>): boolean {
  for (const [found] of text.matchAll(pattern)) if (!vocabulary.has(found.toLowerCase())) return true;
  return false;
}
