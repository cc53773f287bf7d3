import { randomInteger, randomItem, seededRandom } from '../../random.ts';

/** What may go wrong with each part. `deaf` calls do not listen to their signal. */
export const FAULTS = {
  embedder: [
    'refused',
    'error',
    'hang',
    'deaf_hang',
    'slow',
    'wrong_dimension',
    'nan',
    'wrong_count',
    'pushback',
    'reset',
    'unauthorized',
  ],
  generator: [
    'refused',
    'error',
    'hang',
    'deaf_hang',
    'slow_first',
    'stall',
    'deaf_stall',
    'reset',
    'ungrounded',
    'empty',
    'endless',
    'pushback',
  ],
  reranker: ['refused', 'hang', 'deaf_hang', 'slow', 'wrong_count', 'nan', 'pushback', 'error'],
  index: ['lost', 'lexical_lost', 'dense_lost', 'scores_lost', 'progress_lost', 'hang', 'slow'],
  catalog: ['unreadable', 'read_only', 'hang', 'slow', 'texts_unreadable'],
} as const;

export type Part = keyof typeof FAULTS;
export const PARTS = Object.keys(FAULTS) as readonly Part[];

/** A part misbehaves in this way for a while, in this share of its calls. */
export interface FaultWindow {
  readonly part: Part;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

export interface PlannedQuestion {
  readonly at: number;
  readonly query: string;
  readonly collections: readonly string[];
  readonly mode: 'hybrid' | 'dense' | 'lexical';
  readonly isStreamed: boolean;
  /** A follow-up question. */
  readonly hasHistory: boolean;
  readonly deadlineMs: number;
  /** The asker goes after so long; null: stays. */
  readonly leavesAfterMs: number | null;
}

/** Everything that happens in one run. Times are simulated milliseconds. */
export interface Schedule {
  readonly seed: number;
  readonly has: Readonly<Record<'encoder' | 'generator' | 'reranker' | 'cache', boolean>>;
  readonly faults: readonly FaultWindow[];
  readonly questions: readonly PlannedQuestion[];
  /** The document that comes in two versions is written again. */
  readonly writes: readonly { readonly at: number }[];
  readonly operations: readonly {
    readonly at: number;
    readonly breaker: 'ollama_embedding' | 'ollama_generation' | 'reranker';
    readonly mode: 'forced_open' | 'closed' | 'auto';
  }[];
}

/** Faults begin and questions come within so many milliseconds. */
export const HORIZON_MS = 30_000;

const QUESTIONS = [
  'When do backups run daily?',
  'On which port does the server listen?',
  'Who rehearses the restores?',
  'How long are logs kept?',
  'Which team owns the gateway?',
  'What colour is the lighthouse of Gibraltar?',
  'How often is the coffee machine cleaned?',
  'port 8600',
] as const;

function chance(random: () => number, probability: number): boolean {
  return random() < probability;
}

/** The same seed gives the same schedule. */
export function scheduleOf(seed: number): Schedule {
  const random = seededRandom(seed);
  const has = {
    encoder: chance(random, 0.85),
    generator: chance(random, 0.75),
    reranker: chance(random, 0.6),
    cache: chance(random, 0.5),
  };
  const some = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: randomInteger(random, most + 1) }, make);
  const isClean = chance(random, 0.08);
  const questions = [plannedQuestion(random), ...some(4, () => plannedQuestion(random))];
  const [first] = questions;
  const isRepeating = first !== undefined && chance(random, 0.25);
  return {
    seed,
    has,
    faults: isClean ? [] : some(5, () => faultWindow(random)),
    questions: (isRepeating ? questions.map((one) => repeated(one, first)) : questions).toSorted(
      (a, b) => a.at - b.at,
    ),
    writes: chance(random, 0.05) ? some(2, () => ({ at: randomInteger(random, HORIZON_MS) })) : [],
    operations: isClean || chance(random, 0.8) ? [] : some(3, () => operation(random)),
  };
}

function faultWindow(random: () => number): FaultWindow {
  const part = randomItem<Part>(random, ['embedder', 'generator', 'reranker', 'index', 'index', 'catalog']);
  const kinds: readonly string[] = FAULTS[part];
  const from = randomInteger(random, HORIZON_MS / 2);
  return {
    part,
    kind: kinds[randomInteger(random, kinds.length)] ?? '',
    from,
    to: from + 1000 + randomInteger(random, HORIZON_MS),
    share: chance(random, 0.7) ? 1 : 0.5,
  };
}

function plannedQuestion(random: () => number): PlannedQuestion {
  const deadlineMs = randomItem(random, [10_000, 10_000, 30_000, 2000, 500]);
  return {
    // Some come at once, so that they meet.
    at: chance(random, 0.3) ? 5000 : randomInteger(random, HORIZON_MS),
    query: randomItem(random, QUESTIONS),
    collections: randomItem(random, [['docs'], ['docs'], ['docs', 'more'], [], ['missing']]),
    mode: randomItem(random, ['hybrid', 'hybrid', 'hybrid', 'dense', 'lexical']),
    isStreamed: chance(random, 0.4),
    hasHistory: chance(random, 0.15),
    deadlineMs,
    leavesAfterMs: chance(random, 0.12) ? randomInteger(random, deadlineMs) : null,
  };
}

/** The question of another asker once more. */
function repeated(one: PlannedQuestion, { query, collections, mode }: PlannedQuestion): PlannedQuestion {
  return { ...one, query, collections, mode, hasHistory: false };
}

function operation(random: () => number): Schedule['operations'][number] {
  return {
    at: randomInteger(random, HORIZON_MS),
    breaker: randomItem(random, ['ollama_embedding', 'ollama_generation', 'reranker']),
    mode: randomItem(random, ['forced_open', 'closed', 'auto']),
  };
}
