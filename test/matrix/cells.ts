import type { Toxic } from '../../src/faults/toxics.ts';
import type { Knobs } from '../../src/faults/models/knobs.ts';
import type { Model, Rig } from './rig.ts';

/** Undoes a fault. */
export type Heal = () => Promise<void>;

/** One fault against one or several models, and what has to follow. */
export interface ModelCell {
  /** Row of the reference's table: F1 to F20. */
  readonly fault: string;
  readonly title: string;
  readonly models: readonly Model[];
  inject(rig: Rig): Promise<Heal>;
  /** `always`: every answer that begins under the fault lacks the models and says so; `some`: answers may lack them. */
  readonly degraded: 'always' | 'some' | 'never';
  /** What the breakers of the models have to do. `any`: the fault decides how often it strikes. */
  readonly breaker: 'opens' | 'stays closed' | 'any';
  /** How long the fault lasts at least, in seconds. @default 1 */
  readonly seconds?: number;
  /** Questions a second. @default 10 */
  readonly rate?: number;
  /** True: the server of the model is a process of its own. */
  readonly isSeparate?: boolean;
}

const ALL: readonly Model[] = ['embedder', 'generator', 'reranker'];

function knobs(model: Model, wrong: Partial<Knobs>): ModelCell['inject'] {
  return async ({ standIns }) => {
    standIns[model].set(wrong);
    return async () => standIns[model].reset();
  };
}

function toxic(model: Model, wrong: Toxic): ModelCell['inject'] {
  return async ({ proxies }) => {
    await proxies[model].add(wrong);
    return async () => proxies[model].clear();
  };
}

/** Several models at once. */
function together(models: readonly Model[], wrong: Toxic): ModelCell['inject'] {
  return async (rig) => {
    const heals = await Promise.all(models.map(async (model) => toxic(model, wrong)(rig)));
    return async () => void (await Promise.all(heals.map(async (heal) => heal())));
  };
}

/** Milliseconds that a healthy model of this kind never takes, but its timeout allows. */
const SLOW: Readonly<Record<Model, number>> = { embedder: 1300, generator: 6000, reranker: 700 };

function slow(model: Model): ModelCell['inject'] {
  if (model === 'generator') return knobs(model, { timeToFirstTokenMs: SLOW.generator });
  return toxic(model, { type: 'latency', latencyMs: SLOW[model], jitterMs: SLOW[model] / 10 });
}

/** Down and up again every two seconds. */
function flapping(model: Model): ModelCell['inject'] {
  return async ({ proxies }) => {
    const proxy = proxies[model];
    let isDown = false;
    const turn = async (): Promise<void> => {
      isDown = !isDown;
      if (isDown) await proxy.add({ type: 'down' });
      else await proxy.clear();
    };
    await turn();
    const timer = setInterval(() => void turn(), 2000);
    return async () => {
      clearInterval(timer);
      await proxy.clear();
    };
  };
}

/** The process of the model server stands still, as one that swaps or debugs does. */
const frozen: ModelCell['inject'] = async ({ separate }) => {
  separate?.signal('SIGSTOP');
  return async () => separate?.signal('SIGCONT');
};

const killedServer: ModelCell['inject'] = async ({ separate }) => {
  separate?.signal('SIGKILL');
  return async () => separate?.restart();
};

/** The clock of the machine jumps an hour forwards, later one back, while the model is away. */
function clockJump(model: Model): ModelCell['inject'] {
  return async (rig) => {
    const heal = await toxic(model, { type: 'down' })(rig);
    rig.server.signal('SIGUSR2');
    return async () => {
      rig.server.signal('SIGUSR2');
      await heal();
    };
  };
}

type Row = Omit<ModelCell, 'models' | 'inject'> & { inject(model: Model): ModelCell['inject'] };

const ALWAYS = { degraded: 'always', breaker: 'opens' } as const;

const ROWS: readonly Row[] = [
  { fault: 'F1', title: 'connection refused', ...ALWAYS, inject: (model) => toxic(model, { type: 'down' }) },
  {
    fault: 'F1',
    title: 'connection accepted and closed',
    ...ALWAYS,
    inject: (model) => toxic(model, { type: 'down', mode: 'close' }),
  },
  {
    fault: 'F2',
    title: 'accepted, then silence',
    ...ALWAYS,
    inject: (model) => toxic(model, { type: 'timeout' }),
  },
  { fault: 'F3', title: 'slow, with jitter', degraded: 'some', breaker: 'opens', inject: slow },
  {
    fault: 'F4',
    title: 'every second answer 500',
    degraded: 'some',
    breaker: 'opens',
    inject: (model) => knobs(model, { status: 500, share: 0.5 }),
  },
  {
    fault: 'F5',
    title: '429 with Retry-After',
    degraded: 'always',
    breaker: 'stays closed',
    seconds: 2,
    inject: (model) => knobs(model, { status: 429, retryAfter: '3' }),
  },
  {
    fault: 'F5',
    title: '503 with Retry-After',
    degraded: 'always',
    breaker: 'stays closed',
    seconds: 2,
    inject: (model) => knobs(model, { status: 503, retryAfter: '3' }),
  },
  {
    fault: 'F6',
    title: 'reset in the body',
    ...ALWAYS,
    inject: (model) => toxic(model, { type: 'limit_data', bytes: 150, closing: 'reset' }),
  },
  {
    fault: 'F7',
    title: 'truncated body',
    ...ALWAYS,
    inject: (model) => toxic(model, { type: 'limit_data', bytes: 150, closing: 'close' }),
  },
  {
    fault: 'F8',
    title: 'bytes in small pieces',
    degraded: 'never',
    breaker: 'stays closed',
    inject: (model) => toxic(model, { type: 'slicer', sizeBytes: 64, delayMs: 1 }),
  },
  {
    fault: 'F9',
    title: '200 with broken JSON',
    ...ALWAYS,
    inject: (model) => knobs(model, { body: 'garbage' }),
  },
  {
    fault: 'F9',
    title: '200 with a page of HTML',
    ...ALWAYS,
    inject: (model) => knobs(model, { body: 'html' }),
  },
  {
    fault: 'F9',
    title: '200 with other JSON',
    ...ALWAYS,
    inject: (model) => knobs(model, { body: 'other_json' }),
  },
  {
    fault: 'F9',
    title: '200 with an empty body',
    ...ALWAYS,
    inject: (model) => knobs(model, { body: 'empty' }),
  },
  {
    fault: 'F10',
    title: 'the process is stopped for 10 s',
    ...ALWAYS,
    seconds: 10,
    isSeparate: true,
    inject: () => frozen,
  },
  {
    fault: 'F11',
    title: 'the process is killed and restarted',
    ...ALWAYS,
    isSeparate: true,
    inject: () => killedServer,
  },
  { fault: 'F13', title: 'refused while the clock jumps an hour', ...ALWAYS, inject: clockJump },
  {
    fault: 'F14',
    title: 'requests are lost, answers would pass',
    ...ALWAYS,
    inject: (model) => toxic(model, { type: 'timeout', direction: 'upstream' }),
  },
  {
    fault: 'F15',
    title: 'down and up every 2 s for 60 s',
    degraded: 'some',
    breaker: 'opens',
    seconds: 60,
    rate: 5,
    inject: flapping,
  },
];

const VECTORS = {
  nan: 'NaN',
  zero: 'a zero vector',
  wrong_dimension: 'another dimension',
  wrong_count: 'another count',
  none: 'no vector',
} as const;

const OWN: readonly ModelCell[] = [
  ...Object.entries(VECTORS).map(([embeddings, what]): ModelCell => ({
    fault: 'F9',
    title: `200 with ${what}`,
    models: ['embedder'],
    degraded: 'always',
    breaker: 'opens',
    inject: knobs('embedder', { embeddings: embeddings as keyof typeof VECTORS }),
  })),
  ...(['stall', 'close', 'reset', 'error', 'garbage', 'end'] as const).map((breakWith): ModelCell => ({
    fault: breakWith === 'stall' ? 'F2' : breakWith === 'reset' ? 'F6' : 'F7',
    title: `the stream breaks off: ${breakWith}`,
    models: ['generator'],
    degraded: 'always',
    breaker: 'opens',
    inject: knobs('generator', { breakAfterTokens: 3, breakWith }),
  })),
];

const DOUBLES: readonly ModelCell[] = [
  ['embedder', 'generator'] as const,
  ['embedder', 'reranker'] as const,
  ['generator', 'reranker'] as const,
  ALL,
].map((models): ModelCell => ({
  fault: 'F20',
  title: 'refused at once',
  models,
  degraded: 'always',
  breaker: 'opens',
  inject: together(models, { type: 'down' }),
}));

/** Every fault of the reference's table that a model server can have. */
export const MODEL_CELLS: readonly ModelCell[] = [
  ...ROWS.flatMap(cellsOf),
  ...OWN,
  ...DOUBLES,
  {
    fault: 'F20',
    title: 'silence at once',
    models: ALL,
    ...ALWAYS,
    inject: together(ALL, { type: 'timeout' }),
  },
];

/** The row for each kind of model. */
function cellsOf({ inject, ...row }: Row): readonly ModelCell[] {
  return ALL.map((model) => Object.assign({ models: [model], inject: inject(model) }, row));
}
