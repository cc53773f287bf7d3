import { coverage, type Candidate, type ReadPassage } from './candidates.ts';
import { fulfilment } from './fulfilment.ts';
import { lettersOf, type Question } from './question.ts';

/** What speaks for or against a unit as an answer; each is 0 to 1. */
export interface Features {
  /** Share of the question's idf in the unit itself. */
  readonly coverage: number;
  /** Share of the question's words in the unit, each counting the same. */
  readonly matched: number;
  /** Further share that the title and the headings hold: the unit need not repeat it. */
  readonly titled: number;
  /** Further share in the unit before, when this one leans on it: a pronoun, an announced item, code. */
  readonly leaning: number;
  /** Further share in the unit before, otherwise. */
  readonly before: number;
  /** Further share elsewhere in the passage: what its score owes to other units. */
  readonly elsewhere: number;
  /** Share of the question's neighbouring words that stand close together. */
  readonly near: number;
  /** It holds a date, a number, a name: what the question asks for. */
  readonly expected: number;
  /** Too short to say something. */
  readonly short: number;
  /** A question, or one that only repeats ours: not an answer. */
  readonly asking: number;
  /** Announces with a colon what doesn't follow. */
  readonly dangling: number;
  /** Not a whole sentence. */
  readonly fragment: number;
  /** Code, when the question asks for code. */
  readonly code: number;
  /** Score of the passage against the best one. */
  readonly passage: number;
  /** Cosine of question and unit; 0 until it is measured. */
  readonly cosine: number;
}

const LEANING =
  /^["“(]?(?:he|she|it|they|his|her|its|their|this|that|these|those|such|here|there|the (?:former|latter|same)|both|another|ele|ela|eles|elas|isto|isso|este|esta|esse|essa|er|sie|es|diese[rsn]?|il|elle|ils|elles|cette?|ces)\b/i;

/** So many terms say enough. */
const FULL_LENGTH = 10;
const NONE: ReadonlySet<number> = new Set();

export function featuresOf(candidate: Candidate, passage: ReadPassage, question: Question): Features {
  const { words, text, kind, order, length } = candidate;
  const { headingWords } = passage;
  const { expected, vocabulary } = question;
  const before = passage.candidates[order - 1];
  const further = before === undefined ? 0 : coverage(without(before.words, words, headingWords), question);
  const isLeaning = before !== undefined && leansOn(before, candidate);
  return {
    coverage: coverage(words, question),
    matched: words.size / Math.max(1, question.weights.length),
    titled: coverage(without(headingWords, words), question),
    leaning: isLeaning ? further : 0,
    before: isLeaning ? 0 : further,
    elsewhere: coverage(without(passage.words, words, headingWords, before?.words ?? NONE), question),
    near: nearness(candidate, question),
    expected: expected === null ? 0 : fulfilment(expected, text, vocabulary),
    short: Math.max(0, 1 - length / FULL_LENGTH),
    asking: Number(text.endsWith('?') || repeats(text, question)),
    dangling: Number(isDangling(candidate, passage)),
    fragment: Number(kind === 'fragment'),
    code: Number(kind === 'code' && expected?.kind === 'code'),
    passage: 0,
    cosine: 0,
  };
}

const REPEATED_LETTERS = 12;

/** True when the text quotes the whole question: an example of asking, a list of questions. */
function repeats(text: string, { letters }: Question): boolean {
  return letters.length >= REPEATED_LETTERS && letters.includes(' ') && lettersOf(text).includes(letters);
}

function leansOn(before: Candidate, { kind, text }: Candidate): boolean {
  return kind === 'code' || before.text.endsWith(':') || before.text.endsWith('?') || LEANING.test(text);
}

/** What a unit that ends in a colon announces, so that both make one quote. */
export const ANNOUNCED: ReadonlySet<Candidate['kind']> = new Set(['item', 'row', 'code']);

function isDangling({ text, order }: Candidate, { candidates }: ReadPassage): boolean {
  const next = candidates[order + 1];
  return text.endsWith(':') && (next === undefined || !ANNOUNCED.has(next.kind));
}

function without(words: ReadonlySet<number>, ...known: readonly ReadonlySet<number>[]): number[] {
  return [...words].filter((word) => !known.some((set) => set.has(word)));
}

/** Terms that two words may lie apart and still be close. */
const WINDOW = 5;

function nearness({ hits }: Candidate, { weights }: Question): number {
  let total = 0;
  let close = 0;
  for (let second = 1; second < weights.length; second++) {
    const weight = (weights[second - 1] ?? 0) + (weights[second] ?? 0);
    total += weight;
    if (areClose(hits, second)) close += weight;
  }
  return total === 0 ? 0 : close / total;
}

function areClose(hits: Candidate['hits'], second: number): boolean {
  return hits.some(
    ({ word, place }) =>
      word === second &&
      hits.some((other) => other.word === second - 1 && Math.abs(other.place - place) <= WINDOW),
  );
}
