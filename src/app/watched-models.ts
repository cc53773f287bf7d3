import type { ModelEmbedder } from '../adapters/embedder/model-embedder.ts';
import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Embedder } from '../core/retrieval/embedder.ts';
import type { Logger } from '../lib/logger.ts';
import type { Breaker } from '../resilience/breaker.ts';
import { classify, type Verdict } from '../resilience/classify.ts';
import { DEPENDENCY_DEFAULTS, type BreakerName, type DependencySettings } from '../resilience/defaults.ts';
import { createDependency, type Dependency } from '../resilience/dependency.ts';
import { Policy } from '../resilience/policy.ts';
import { systemTime, type TimeSource } from '../resilience/time-source.ts';
import { Timeout } from '../resilience/timeout.ts';
import type { CallsReading } from '../telemetry/guard-metrics.ts';
import { guardedEmbedder, guardedGenerator, guardedReranker } from './guarded-models.ts';
import { ModelMonitor, type MonitoredModel } from './model-monitor.ts';

/** How models are watched. */
export interface WatchOptions {
  /** Time between two probes; 0: none. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** What differs from the defaults of a dependency, such as its time limits. */
  readonly settings?: Partial<Record<BreakerName, Partial<DependencySettings>>>;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** From 0 to 1 (exclusive). Default `Math.random`. */
  readonly random?: () => number;
}

/** A model with what stands around it. */
export interface Watched<Model> {
  /** Guarded. */
  readonly model: Model;
  readonly monitor: ModelMonitor;
  readonly breaker: Breaker;
  readonly calls: readonly ModelCalls[];
}

/** Reads the numbers of the calls behind one breaker. */
export type ModelCalls = () => CallsReading;

/** An embedder has a second breaker, for passages. */
export interface WatchedEmbedder extends Watched<Embedder> {
  readonly passagesBreaker: Breaker;
}

/** R21. */
const CANARY_TIMEOUT_MS = 2000;

/** An embedder with its canary: one short text, every few seconds. */
export function watchedEmbedder(embedder: ModelEmbedder, options: WatchOptions): WatchedEmbedder {
  const { time = systemTime, random = Math.random, settings } = options;
  const dependency = createDependency('ollama_embedding', {
    settings: settings?.ollama_embedding ?? {},
    classify: withoutWaiting,
    time,
    random,
  });
  const passages = createDependency('ollama_embedding_passages', { time, random });
  const canary = async (signal: AbortSignal): Promise<void> => embedder.canary(signal);
  const monitor = monitorOf(
    {
      name: 'encoder',
      model: embedder.profile.model,
      probe: canary,
      preload: canary,
      isLoaded: embedder.isLoaded,
      isProbed: 'always',
    },
    { dependency, timeoutMs: CANARY_TIMEOUT_MS },
    options,
  );
  const guards = { policy: dependency.foreground, passages: passages.background, monitor, time };
  const model = guardedEmbedder(embedder, guards);
  return {
    model,
    monitor,
    breaker: dependency.breaker,
    passagesBreaker: passages.breaker,
    calls: [callsOf(dependency), callsOf(passages)],
  };
}

/** A generator, asked for a few tokens while it fails: to write them costs too much to do it all the time. */
export function watchedGenerator(generator: Generator, options: WatchOptions): Watched<Generator> {
  const { time = systemTime, random = Math.random, settings } = options;
  const dependency = createDependency('ollama_generation', {
    settings: settings?.ollama_generation ?? {},
    time,
    random,
  });
  const clocks = dependency.settings.stream ?? DEPENDENCY_DEFAULTS.ollama_generation.stream;
  const monitor = monitorOf(
    {
      name: 'generator',
      model: generator.profile.model,
      probe: async (signal) => firstToken(generator, signal),
      preload: async (signal) => generator.preload(signal),
      isLoaded: generator.isLoaded,
      isProbed: 'when_failing',
    },
    { dependency, timeoutMs: clocks.firstItemMs },
    options,
  );
  const guarded = guardedGenerator(generator, { policy: dependency.foreground, monitor, clocks, time });
  return { model: guarded, monitor, breaker: dependency.breaker, calls: [callsOf(dependency)] };
}

/** A reranker, asked to judge one text while it fails. */
export function watchedReranker(reranker: Reranker, options: WatchOptions): Watched<Reranker> {
  const { time = systemTime, random = Math.random, settings } = options;
  const dependency = createDependency('reranker', { settings: settings?.reranker ?? {}, time, random });
  const canary = async (signal: AbortSignal): Promise<void> => {
    await reranker.rerank('canary', ['canary'], signal);
  };
  const monitor = monitorOf(
    {
      name: 'reranker',
      model: reranker.profile.model,
      probe: canary,
      preload: canary,
      isProbed: 'when_failing',
    },
    { dependency, timeoutMs: CANARY_TIMEOUT_MS },
    options,
  );
  const guards = { policy: dependency.foreground, monitor, time };
  const model = guardedReranker(reranker, guards);
  return { model, monitor, breaker: dependency.breaker, calls: [callsOf(dependency)] };
}

/** Reads the numbers of the calls of a dependency. */
export function callsOf({ bulkhead, retries }: Dependency): ModelCalls {
  return () => {
    const { name, limit, active, waiting, waitingBackground, rejected } = bulkhead.snapshot();
    return { name, limit, active, waiting: waiting + waitingBackground, rejected, retries: retries() };
  };
}

interface Probing {
  readonly dependency: Dependency;
  readonly timeoutMs: number;
}

/** Probes go through breaker and bulkhead of the model, with a time limit of their own. */
function monitorOf(
  model: MonitoredModel,
  { dependency: { breaker, bulkhead }, timeoutMs }: Probing,
  { intervalMs, logger, time = systemTime }: WatchOptions,
): ModelMonitor {
  const timeout = new Timeout({ name: `the probe of "${model.model}"`, timeoutMs, time });
  return new ModelMonitor({
    model,
    guard: new Policy({ breaker, bulkhead, timeout, priority: 'background', time }),
    breaker,
    intervalMs,
    time,
    onChange: (state, reason) => {
      const isBad = state === 'down' || state === 'misconfigured' || state === 'resting';
      logger[isBad ? 'warn' : 'info']('model_state', {
        dependency: model.name,
        model: model.model,
        state,
        reason,
      });
    },
  });
}

const PING = { messages: [{ role: 'user', content: 'Hi' }], maxOutputTokens: 8, temperature: 0 } as const;

async function firstToken(generator: Generator, signal: AbortSignal): Promise<void> {
  for await (const _ of generator.generate(PING, signal)) return;
}

/** A question does not wait until a server wants to be asked again: it goes on without. */
function withoutWaiting(error: unknown): Verdict {
  const verdict = classify(error);
  return verdict.retryAfterMs === null ? verdict : { ...verdict, isRetryable: false };
}
