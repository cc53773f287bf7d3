import type { BreakerSettings } from './breaker-options.ts';

/** The names of the breakers, as existing dashboards know them (R3). */
export const BREAKER_NAMES = [
  'ollama_embedding',
  'ollama_embedding_passages',
  'ollama_generation',
  'qdrant_search',
  'reranker',
  'tika',
] as const;

/** Name of a dependency's breaker. */
export type BreakerName = (typeof BREAKER_NAMES)[number];

/** The three clocks of a stream, in milliseconds. */
export interface StreamClocks {
  /** Until the first item. */
  readonly firstItemMs: number;
  /** Between two items. */
  readonly gapMs: number;
  /** From the start to the end. */
  readonly totalMs: number;
}

/** Everything that stands between the house and one dependency, as numbers. */
export interface DependencySettings {
  /** False: its adapter does not exist; the breaker reports `disabled`. */
  readonly isEnabled: boolean;
  readonly breaker: BreakerSettings;
  /** One call, in milliseconds. */
  readonly timeoutMs: number;
  /** Streams of items; null: it has none. */
  readonly stream: StreamClocks | null;
  /** Tries beyond the first of an idempotent call; 0: never. */
  readonly extraAttempts: number;
  /** Calls at once. */
  readonly limit: number;
  /** Calls that wait, at most the limit. */
  readonly queue: number;
  /** The longest wait for a slot in milliseconds. */
  readonly maxWaitMs: number;
}

const RULES = {
  failureRatio: 0.5,
  slowRatio: 0.8,
  consecutiveFailures: 5,
  // R4 has shares of a window only: at 60 questions a second they took half a minute to notice a slow model.
  consecutiveSlow: 10,
  probes: 3,
  goodProbes: 2,
} as const;

/** 30 s: what a model serves in a few seconds each is too rare for a shorter window. */
const MODEL_WINDOW = { bucketMs: 3000, buckets: 10 } as const;
/** Calls that take less than a second: a brown-out is not to hide behind the good calls of half a minute. */
const FAST_WINDOW = { bucketMs: 1000, buckets: 10 } as const;

/** Defaults of R4 and R5; where the reference has no number the reason stands beside it. */
export const DEPENDENCY_DEFAULTS = {
  ollama_embedding: {
    isEnabled: true,
    breaker: {
      ...RULES,
      ...MODEL_WINDOW,
      minCalls: 10,
      slowMs: 1000,
      openMs: 5000,
      maxOpenMs: 60_000,
      probeTimeoutMs: 4000,
    },
    timeoutMs: 2000,
    stream: null,
    extraAttempts: 2,
    // Ollama runs embeddings one after another and has failed under many at once (ollama/ollama#13170).
    limit: 8,
    queue: 8,
    maxWaitMs: 500,
  },
  // A batch of passages may take its time, since nobody waits for it: only failures open the breaker.
  ollama_embedding_passages: {
    isEnabled: true,
    breaker: {
      ...RULES,
      ...MODEL_WINDOW,
      minCalls: 10,
      slowMs: 120_000,
      openMs: 5000,
      maxOpenMs: 60_000,
      probeTimeoutMs: 240_000,
    },
    timeoutMs: 120_000,
    stream: null,
    extraAttempts: 0,
    limit: 8,
    queue: 8,
    maxWaitMs: 500,
  },
  ollama_generation: {
    isEnabled: true,
    breaker: {
      ...RULES,
      ...MODEL_WINDOW,
      minCalls: 10,
      slowMs: 5000,
      openMs: 5000,
      maxOpenMs: 60_000,
      probeTimeoutMs: 65_000,
    },
    timeoutMs: 60_000,
    stream: { firstItemMs: 10_000, gapMs: 5000, totalMs: 60_000 },
    extraAttempts: 0,
    // OLLAMA_NUM_PARALLEL is 1 by default: the queue before it is ours, and short.
    limit: 4,
    queue: 4,
    maxWaitMs: 2500,
  },
  qdrant_search: {
    isEnabled: false,
    breaker: {
      ...RULES,
      ...FAST_WINDOW,
      minCalls: 20,
      slowMs: 250,
      openMs: 2000,
      maxOpenMs: 30_000,
      probeTimeoutMs: 1000,
    },
    timeoutMs: 500,
    stream: null,
    extraAttempts: 2,
    limit: 64,
    queue: 64,
    maxWaitMs: 250,
  },
  reranker: {
    isEnabled: true,
    breaker: {
      ...RULES,
      ...FAST_WINDOW,
      minCalls: 10,
      slowMs: 500,
      openMs: 5000,
      maxOpenMs: 60_000,
      probeTimeoutMs: 2000,
    },
    // A cross-encoder over 50 texts: optional, so it gets less time than what the answer needs.
    timeoutMs: 1000,
    stream: null,
    extraAttempts: 0,
    limit: 4,
    queue: 4,
    maxWaitMs: 250,
  },
  // One file may take it long: only failures open the breaker. It holds few of the threads' places, so that a server
  // that hangs keeps no other document waiting. The job queue tries again, and outlives a restart.
  tika: {
    isEnabled: true,
    breaker: {
      ...RULES,
      ...MODEL_WINDOW,
      minCalls: 10,
      slowMs: 60_000,
      openMs: 5000,
      maxOpenMs: 60_000,
      probeTimeoutMs: 120_000,
    },
    timeoutMs: 60_000,
    stream: null,
    extraAttempts: 0,
    limit: 2,
    queue: 1,
    maxWaitMs: 10_000,
  },
} as const satisfies Record<BreakerName, DependencySettings>;

/** The name as a breaker's name. @throws RangeError when there is no such breaker. */
export function breakerName(name: string): BreakerName {
  const known = BREAKER_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new RangeError(`There is no breaker "${name}"; there are ${BREAKER_NAMES.join(', ')}`);
}
