import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { guardMetrics, type Guards } from './guard-metrics.ts';

/** Edges in seconds of what a request may take: every limit that is promised is one of them. */
const REQUEST_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1, 2.5, 5, 10, 20,
  30,
];
/** Edges for model calls, as the conventions for generative models have them. */
const MODEL_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

const QUESTION_KINDS = ['answer', 'search'] as const;
const QUESTION_OUTCOMES = [
  'answered',
  'degraded',
  'refused',
  'overloaded',
  'timed_out',
  'failed',
  'left',
] as const;
const DEGRADED_PARTS = [
  'embedding',
  'dense',
  'lexical',
  'index',
  'generator',
  'reranker',
  'retrieval',
  'other',
] as const;
const MODEL_CALLS = ['embed_query', 'embed_passages', 'generate', 'rerank'] as const;
const CALL_OUTCOMES = ['ok', 'failed', 'left'] as const;

export type QuestionKind = (typeof QUESTION_KINDS)[number];
export type QuestionOutcome = (typeof QUESTION_OUTCOMES)[number];
export type CacheResult = 'hit' | 'miss' | 'off';
export type ModelCall = (typeof MODEL_CALLS)[number];
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** One response of the server. */
export interface MeasuredRequest {
  readonly method: string;
  /** The pattern of the route; null: there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
}

/** What a question came to. */
export interface MeasuredQuestion {
  readonly kind: QuestionKind;
  readonly outcome: QuestionOutcome;
  readonly durationMs: number;
  /** Components that `degraded` names. */
  readonly degraded: readonly string[];
  /** Null: it never came to the cache. */
  readonly cache: CacheResult | null;
}

/** One call of a model, with all its tries. */
export interface MeasuredCall {
  readonly call: ModelCall;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
}

/** What the process measures of itself. Labels come from closed lists: no tenant, collection or text is one. */
export interface Metrics {
  request(request: MeasuredRequest): void;
  question(question: MeasuredQuestion): void;
  modelCall(call: MeasuredCall): void;
  /** In the text format of Prometheus. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions extends Guards {
  readonly version: string;
}

/** Metrics of one process, every series there from the start. */
export function createMetrics({ version, ...guards }: MetricsOptions): Metrics {
  const registry = new Registry();
  const info = new Gauge({
    name: 'holdfast_info',
    help: 'Always 1; the version is a label.',
    labelNames: ['version'] as const,
    registers: [registry],
  });
  info.set({ version }, 1);
  guardMetrics(registry, guards);
  return {
    request: requestMetrics(registry),
    question: questionMetrics(registry),
    modelCall: modelMetrics(registry),
    scrape: async () => {
      const all = Registry.merge([processRegistry(), registry]);
      return { contentType: all.contentType, text: await all.metrics() };
    },
  };
}

let ofProcess: Registry | null = null;

/** Memory, processor time, garbage collection and the event loop: observers that a process needs once. */
function processRegistry(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

function requestMetrics(registry: Registry): Metrics['request'] {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request until its response was over.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
  return ({ method, route, status, durationMs }) => {
    // Whole classes of status: a series for every number would be many.
    const labels = { method, route: route ?? 'none', status: `${Math.floor(status / 100)}xx` };
    durations.observe(labels, durationMs / 1000);
  };
}

function questionMetrics(registry: Registry): Metrics['question'] {
  const durations = new Histogram({
    name: 'rag_query_duration_seconds',
    help: 'Time of a question from its admission to its whole answer.',
    labelNames: ['kind', 'outcome'] as const,
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
  const degraded = new Counter({
    name: 'rag_degraded_total',
    help: 'Responses that lacked a part and said so.',
    labelNames: ['component'] as const,
    registers: [registry],
  });
  const hits = new Counter({
    name: 'rag_cache_hits_total',
    help: 'Answers that were remembered.',
    registers: [registry],
  });
  const misses = new Counter({
    name: 'rag_cache_misses_total',
    help: 'Answers that had to be made while there is a cache.',
    registers: [registry],
  });
  for (const kind of QUESTION_KINDS)
    for (const outcome of QUESTION_OUTCOMES) durations.zero({ kind, outcome });
  for (const component of DEGRADED_PARTS) degraded.inc({ component }, 0);
  return (question) => {
    durations.observe({ kind: question.kind, outcome: question.outcome }, question.durationMs / 1000);
    for (const part of question.degraded) degraded.inc({ component: knownPart(part) });
    if (question.cache === 'hit') hits.inc();
    if (question.cache === 'miss') misses.inc();
  };
}

function knownPart(part: string): string {
  return DEGRADED_PARTS.find((known) => known === part) ?? 'other';
}

function modelMetrics(registry: Registry): Metrics['modelCall'] {
  const durations = new Histogram({
    name: 'rag_model_call_duration_seconds',
    help: 'Time of a call of a model, with all its tries; a stream to its end.',
    labelNames: ['call', 'outcome'] as const,
    buckets: MODEL_BUCKETS,
    registers: [registry],
  });
  for (const call of MODEL_CALLS) for (const outcome of CALL_OUTCOMES) durations.zero({ call, outcome });
  return ({ call, outcome, durationMs }) => durations.observe({ call, outcome }, durationMs / 1000);
}
