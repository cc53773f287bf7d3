import { aiSdkEmbedder } from '../adapters/embedder/ai-sdk.ts';
import type { ModelEmbedder } from '../adapters/embedder/model-embedder.ts';
import { ollamaEmbedder } from '../adapters/embedder/ollama.ts';
import { onnxEmbedder } from '../adapters/embedder/onnx.ts';
import { openaiEmbedder } from '../adapters/embedder/openai.ts';
import { aiSdkGenerator } from '../adapters/generator/ai-sdk.ts';
import { ollamaGenerator } from '../adapters/generator/ollama.ts';
import { openaiGenerator } from '../adapters/generator/openai.ts';
import { aiSdkReranker } from '../adapters/reranker/ai-sdk.ts';
import { httpReranker } from '../adapters/reranker/http.ts';
import type { Config } from '../config/config.ts';
import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import type { Logger } from '../lib/logger.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { BreakerName } from '../resilience/defaults.ts';
import { createDependency } from '../resilience/dependency.ts';
import { watchedExtractor, type WatchedExtractor } from './extractor.ts';
import type { ServiceModels } from './service.ts';
import {
  watchedEmbedder,
  watchedGenerator,
  watchedReranker,
  type Watched,
  type WatchOptions,
} from './watched-models.ts';

const AI_SDK = 'ai-sdk:';

/**
 * The models that the configuration names, each behind its breaker and its monitor. A server that is away does not
 * stop the start: it is asked when it is needed. @throws HoldfastError or ModelError when a package or folder is missing.
 */
export async function openModels(
  config: Config,
  logger: Logger,
  options: Pick<WatchOptions, 'settings' | 'time'> = {},
): Promise<ServiceModels & { readonly breakers: readonly Breaker[] }> {
  const [embedder, generator] = await Promise.all([openEmbedder(config), openGenerator(config)]);
  const reranker = await openReranker(config);
  const watch = { ...options, intervalMs: config.canarySeconds * 1000, logger };
  const watched = {
    encoder: embedder && watchedEmbedder(embedder, watch),
    generator: generator && watchedGenerator(generator, watch),
    reranker: reranker && watchedReranker(reranker, watch),
  };
  const extracting = openExtractor(config, options);
  const monitors = Object.values(watched).flatMap((one) => one?.monitor ?? []);
  for (const monitor of monitors) monitor.start();
  return {
    encoder: modelOf(watched.encoder),
    generator: modelOf(watched.generator),
    reranker: modelOf(watched.reranker),
    extractor: extracting?.extractor ?? null,
    monitors,
    calls: [...Object.values(watched), extracting].flatMap((one) => one?.calls ?? []),
    close: async () => {
      for (const monitor of monitors) await monitor[Symbol.asyncDispose]();
      await embedder?.[Symbol.asyncDispose]?.();
    },
    breakers: [
      breakerOf('ollama_embedding', watched.encoder),
      watched.encoder?.passagesBreaker ?? breakerOf('ollama_embedding_passages', null),
      breakerOf('ollama_generation', watched.generator),
      breakerOf('qdrant_search', null),
      breakerOf('reranker', watched.reranker),
      breakerOf('tika', extracting),
    ],
  };
}

function openExtractor(
  { tikaUrl, tikaTimeoutMs }: Config,
  { settings, time }: Pick<WatchOptions, 'settings' | 'time'>,
): WatchedExtractor | null {
  if (tikaUrl === undefined) return null;
  return watchedExtractor({ url: tikaUrl, timeoutMs: tikaTimeoutMs, settings: settings?.tika, time });
}

function modelOf<Model>(watched: Watched<Model> | null): Model | null {
  return watched === null ? null : watched.model;
}

/** A disabled one for what is not in use. */
function breakerOf(name: BreakerName, watched: Pick<Watched<unknown>, 'breaker'> | null): Breaker {
  return watched?.breaker ?? createDependency(name, { settings: { isEnabled: false } }).breaker;
}

async function openEmbedder(config: Config): Promise<(ModelEmbedder & Partial<AsyncDisposable>) | null> {
  const { embedder, embeddingModel: model = '', embeddingDimensions: dimensions } = config;
  if (embedder === 'static') return null;
  if (embedder === 'ollama') {
    return ollamaEmbedder({ url: config.ollamaUrl ?? '', model, dimensions, keepAlive: config.keepAlive });
  }
  if (embedder === 'openai') {
    return openaiEmbedder({
      url: config.openaiUrl ?? '',
      apiKey: config.openaiApiKey?.reveal(),
      model,
      dimensions,
    });
  }
  if (embedder === 'onnx') return onnxEmbedder({ folder: config.onnxFolder ?? '', model, dimensions });
  return aiSdkEmbedder({ package: embedder.slice(AI_SDK.length), model, dimensions });
}

async function openGenerator(config: Config): Promise<Generator | null> {
  const { generator, generationModel: model = '' } = config;
  if (generator === 'extractive') return null;
  if (generator === 'ollama') {
    return ollamaGenerator({ url: config.ollamaUrl ?? '', model, keepAlive: config.keepAlive });
  }
  if (generator === 'openai') {
    return openaiGenerator({ url: config.openaiUrl ?? '', apiKey: config.openaiApiKey?.reveal(), model });
  }
  return aiSdkGenerator({ package: generator.slice(AI_SDK.length), model });
}

async function openReranker({
  reranker,
  rerankerUrl,
  rerankerModel,
  rerankerApiKey,
}: Config): Promise<Reranker | null> {
  if (reranker === 'none') return null;
  if (reranker !== 'http') {
    return aiSdkReranker({ package: reranker.slice(AI_SDK.length), model: rerankerModel ?? '' });
  }
  return httpReranker({ url: rerankerUrl ?? '', model: rerankerModel, apiKey: rerankerApiKey?.reveal() });
}
