import { table } from '../eval/report.ts';
import { createAdmission } from '../src/app/admission.ts';
import { startDeadline } from '../src/app/request-deadline.ts';
import { watchedEmbedder, watchedGenerator, watchedReranker } from '../src/app/watched-models.ts';
import type { Asking } from '../src/core/answer/create-ask.ts';
import type { Generator } from '../src/core/models/generator.ts';
import type { Reranker } from '../src/core/models/reranker.ts';
import type { Embedder } from '../src/core/retrieval/embedder.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { quantile } from './quantiles.ts';
import { SAMPLE_REQUEST, SAMPLE_RESPONSE } from './sample-question.ts';

const ROUNDS = 40;
const QUESTIONS_PER_ROUND = 500;
const DEADLINE_MS = 10_000;

/** What is between a request and its answer when everything works, in microseconds of one question. */
export interface GuardingFigures {
  /** A table. */
  readonly rows: string;
  readonly addedP50: number;
  readonly addedP99: number;
}

interface ModelSet {
  readonly embedder: Embedder;
  readonly generator: Generator;
  readonly reranker: Reranker;
}

const NEVER = new AbortController().signal;
const VECTOR = new Float32Array(8);

/** Models that answer at once, so that nothing but the guards is timed. */
const EMBEDDING_PROFILE = {
  model: 'instant',
  dimensions: VECTOR.length,
  languages: null,
  maxBatch: 1,
  contextTokens: 256,
  fusionWeight: 0.5,
};
const EMBEDDER: Parameters<typeof watchedEmbedder>[0] = {
  profile: EMBEDDING_PROFILE,
  embedQuery: async () => VECTOR,
  embedPassages: async (texts) => texts.map(() => VECTOR),
  connect: async () => EMBEDDING_PROFILE,
  canary: async () => undefined,
};
const GENERATOR: Generator = {
  profile: { model: 'instant', contextTokens: 4096, maxOutputTokens: 512, canStream: true },
  async *generate() {
    yield 'At 02:00 [1].';
  },
  preload: async () => undefined,
};
const RERANKER: Reranker = {
  profile: { model: 'instant', maxDocuments: 30 },
  rerank: async (_query, texts) => texts.map(() => 1),
};

/** The calls of one question, without what lies between them. */
function askingWith({ embedder, generator, reranker }: ModelSet): Asking {
  const ask: Asking['ask'] = async ({ query }, signal) => {
    await embedder.embedQuery(query, signal);
    await reranker.rerank(query, [query], signal);
    const request = { messages: [], maxOutputTokens: 1, temperature: 0 };
    for await (const _ of generator.generate(request, signal));
    return SAMPLE_RESPONSE;
  };
  return {
    ask,
    search: async () => SAMPLE_RESPONSE,
    async *askStream(request, signal) {
      yield { type: 'final', data: await ask(request, signal) };
    },
  };
}

/** Microseconds of each question. Between two of them the event loop turns, as between two requests. */
async function timed(count: number, ask: () => Promise<unknown>): Promise<number[]> {
  const microseconds: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    await ask();
    microseconds.push((performance.now() - began) * 1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return microseconds;
}

/**
 * The calls of one question to models that answer at once: bare, and behind everything that guards them (admission,
 * deadline with its reserve, monitor, retry, bulkhead, breaker, timeout, clocks of the stream). Both take turns in one
 * run. Takes about five seconds.
 */
export async function guardingFigures(): Promise<GuardingFigures> {
  const watch = { intervalMs: 0, logger: createLogger({ level: 'error', format: 'text' }) };
  const watched = {
    embedder: watchedEmbedder(EMBEDDER, watch),
    generator: watchedGenerator(GENERATOR, watch),
    reranker: watchedReranker(RERANKER, watch),
  };
  await using stack = new AsyncDisposableStack();
  for (const { monitor } of Object.values(watched)) {
    stack.use(monitor);
    monitor.start();
    await monitor.loaded(NEVER);
  }
  const admission = stack.use(createAdmission({ maxWaiting: 4 }));
  const { embedder, generator, reranker } = watched;
  const guarded = admission.admitted(
    askingWith({ embedder: embedder.model, generator: generator.model, reranker: reranker.model }),
  );
  const bare = askingWith({ embedder: EMBEDDER, generator: GENERATOR, reranker: RERANKER });
  const ways = [
    { name: 'bare', times: [] as number[], ask: async () => bare.ask(SAMPLE_REQUEST, NEVER) },
    {
      name: 'guarded',
      times: [] as number[],
      ask: async () => {
        admission.admit('query');
        using deadline = startDeadline(DEADLINE_MS, NEVER);
        await guarded.ask(SAMPLE_REQUEST, deadline.signal);
      },
    },
  ];
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { ask, times } of ways) {
      const found = await timed(round === 0 ? 10 * QUESTIONS_PER_ROUND : QUESTIONS_PER_ROUND, ask);
      if (round > 0) times.push(...found);
    }
  }
  const at = (way: number, share: number): number => quantile(ways[way]?.times ?? [], share);
  const added = (share: number): number => at(1, share) - at(0, share);
  const rows = [
    ...ways.map(({ name }, way) => rowOf(name, (share) => at(way, share))),
    rowOf('added', added),
  ];
  return {
    rows: table(['microseconds a question', 'p50', 'p95', 'p99'], rows),
    addedP50: added(0.5),
    addedP99: added(0.99),
  };
}

function rowOf(name: string, at: (share: number) => number): string[] {
  return [name, ...[0.5, 0.95, 0.99].map((share) => at(share).toFixed(1))];
}
