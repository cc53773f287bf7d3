/** What a question asks for, as far as its words say so. */
export type AnswerKind = 'date' | 'percentage' | 'money' | 'number' | 'person' | 'place' | 'reason' | 'code';

/** What a question expects of its answer. */
export interface Expectation {
  readonly kind: AnswerKind;
  /** For a number: the first letters of what is counted, lower case; empty when unknown. */
  readonly counted: string;
}

const AUXILIARY =
  '(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must|shall)';
/** The first word that asks. Where `when` and the like only join clauses, no auxiliary verb follows them. */
const INTERROGATIVE = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:what|which|whom?|whose|how|(?:when|where|why)(?=\\W+${AUXILIARY}\\b|\\W*$)|` +
    'quantos?|quantas?|quando|quem|onde|por que|wann|wer|wo|warum|wie ?viele?|quand|combien|où|pourquoi|' +
    'cuándo|cuánt[oa]s?|quién|dónde)(?![\\p{L}\\p{N}])',
  'iu',
);
const WH = '(?:what|which)';
const OF_THE = `${WH} (?:(?:is|was|are|were|'s) )?(?:[\\w-]+ ){0,3}?`;

/** Tried on the question from its interrogative on; the first match decides. */
const ASKING: readonly (readonly [AnswerKind, RegExp])[] = [
  [
    'percentage',
    new RegExp(
      `^(?:${OF_THE}|how (?:many|much|large) )(?:per ?cent|percentage|share|porcentagem|prozent)\\b`,
      'i',
    ),
  ],
  [
    'date',
    new RegExp(
      `^(?:when|how long ago|${WH} (?:[\\w-]+ ){0,2}?(?:year|date|century|decade|day|month|time|era|period)s?|${WH} (?:is|was) the (?:[\\w-]+ )?(?:year|date|century|decade|day|month)s?|quando|wann|quand|cuándo)\\b`,
      'i',
    ),
  ],
  [
    'money',
    new RegExp(
      `^how (?:much|expensive) .*\\b(?:cost|pay|paid|worth|spen[dt]|price|earn|charge|fee)|^${OF_THE}(?:price|cost|fee|salary|revenue|budget)s?\\b`,
      'i',
    ),
  ],
  [
    'number',
    new RegExp(
      `^(?:how (?:many|much|long|old|far|tall|large|big|fast|often|deep|high|wide|heavy|large)|${OF_THE}(?:number|population|amount|size|length|height|width|depth|weight|age|speed|temperature|limit|rate|ratio|enrol?lment|capacity|distance|maximum|minimum|default|version|port)|quant[oa]s?|wie ?viele?|combien|cuánt[oa]s?)\\b`,
      'i',
    ),
  ],
  ['person', /^(?:whom?|whose|quem|wer|quién)\b/i],
  [
    'place',
    new RegExp(
      `^(?:where|onde|wo|où|dónde|${WH} (?:country|countries|city|cities|town|state|region|continent|island|place|location|river|county)|${WH} (?:is|was) the (?:capital|location))(?![\\p{L}])`,
      'iu',
    ),
  ],
  ['reason', /^(?:why|por que|warum|pourquoi)\b/i],
];
const CODE =
  /\b(?:(?:which|what|the) (?:\w+ )?commands?|commands? (?:to|for|do|does)|snippets?|syntax|source code|signature|(?:code|config(?:uration)?|example) (?:example|block|request|file)|how (?:do|can|to|would|should) (?:i |you |we )?(?:install|run|call|invoke|import|define|declare|implement))\b/i;

export function expectedAnswer(question: string): Expectation | null {
  if (CODE.test(question)) return { kind: 'code', counted: '' };
  const found = INTERROGATIVE.exec(question);
  const asking = found === null ? '' : question.slice(found.index).trimEnd();
  const kind = ASKING.find(([, pattern]) => pattern.test(asking))?.[0];
  return kind === undefined ? null : { kind, counted: kind === 'number' ? countedNoun(asking) : '' };
}

/** The word after `how many`: what is counted, without its ending. */
function countedNoun(asking: string): string {
  const noun = /^\S+ (?:many|much) ([\p{L}]+)/iu.exec(asking)?.[1]?.toLowerCase() ?? '';
  return noun.slice(0, Math.max(4, noun.length - 2));
}
