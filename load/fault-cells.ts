import { MODEL_NAMES, type ModelName, type Models } from './models.ts';

/** One thing to break. */
export interface FaultCell {
  readonly model: ModelName;
  readonly fault: string;
  /** The model says at once that it fails. */
  readonly isFast: boolean;
  /** Name of the breaker that has to open. */
  readonly breaker: string;
  /** The longest that a question waits for the model before the breaker opens, in milliseconds. */
  readonly timeoutMs: number;
  inject(models: Models): Promise<void>;
}

/** The breaker of each model, and how long a call may take; the generator's is cut by the deadline's reserve. */
const GUARDS = {
  embedder: { breaker: 'ollama_embedding', timeoutMs: 2000 },
  generator: { breaker: 'ollama_generation', timeoutMs: 9500 },
  reranker: { breaker: 'reranker', timeoutMs: 1000 },
} as const;

/** Slower than the slow-call rule allows, sooner than the timeout. */
const SLOW = {
  embedder: { delay_ms: 1500 },
  generator: { time_to_first_token_ms: 6000 },
  reranker: { delay_ms: 800 },
} as const;

type Inject = (models: Models, model: ModelName) => Promise<void>;

const FAULTS: Readonly<Record<string, Inject>> = {
  refused: async (models, model) => models.addToxic(model, { type: 'down', mode: 'refuse' }),
  hangs: async (models, model) => models.turn(model, { hangs: true }),
  slow: async (models, model) => models.turn(model, SLOW[model]),
  'status 500': async (models, model) => models.turn(model, { status: 500 }),
  garbage: async (models, model) => models.turn(model, { body: 'garbage' }),
  reset: async (models, model) => models.addToxic(model, { type: 'reset_peer', after_ms: 0 }),
};

/** Every fault of every model. */
export const FAULT_CELLS: readonly FaultCell[] = MODEL_NAMES.flatMap((model) =>
  Object.entries(FAULTS).map(([fault, inject]) => cellOf(model, fault, inject)),
);

function cellOf(model: ModelName, fault: string, inject: Inject): FaultCell {
  const isFast = fault !== 'hangs' && fault !== 'slow';
  return { model, fault, isFast, ...GUARDS[model], inject: async (models) => inject(models, model) };
}
