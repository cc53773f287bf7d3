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
import { DEPENDENCY_DEFAULTS } from '../resilience/defaults.ts';
import { createDependency, type Dependency } from '../resilience/dependency.ts';
import { guardedEmbedder, guardedGenerator, guardedReranker } from './guarded-models.ts';
import type { ServiceModels } from './service.ts';

const AI_SDK = 'ai-sdk:';
/** A batch of passages may take its time: nobody waits for it. */
const PASSAGES_TIMEOUT_MS = 120_000;

/**
 * The models that the configuration names, each behind its breaker. A server that is away does not stop the start:
 * it is asked when it is needed. @throws HoldfastError or ModelError when a package or folder is missing.
 */
export async function openModels(config: Config): Promise<ServiceModels> {
  const [embedder, generator] = await Promise.all([openEmbedder(config), openGenerator(config)]);
  const reranker = await openReranker(config);
  const embedding = dependency('ollama_embedding', embedder !== null);
  const generation = dependency('ollama_generation', generator !== null);
  const search = dependency('qdrant_search', false);
  const reranking = dependency('reranker', reranker !== null);
  const passages = createDependency('ollama_embedding', {
    settings: { timeoutMs: PASSAGES_TIMEOUT_MS, extraAttempts: 0, breaker: patient() },
  });
  const clocks = DEPENDENCY_DEFAULTS.ollama_generation.stream;
  return {
    encoder:
      embedder && guardedEmbedder(embedder, { queries: embedding.foreground, passages: passages.background }),
    generator: generator && guardedGenerator(generator, generation, clocks),
    reranker: reranker && guardedReranker(reranker, reranking),
    close: async () => {
      await embedder?.[Symbol.asyncDispose]?.();
    },
    breakers: [embedding, generation, search, reranking].map(({ breaker }) => breaker),
  };
}

function dependency(name: keyof typeof DEPENDENCY_DEFAULTS, isEnabled: boolean): Dependency {
  return createDependency(name, { settings: { isEnabled } });
}

/** Batches are slow by nature; only failures open their breaker. */
function patient() {
  const { breaker } = DEPENDENCY_DEFAULTS.ollama_embedding;
  return { ...breaker, slowMs: PASSAGES_TIMEOUT_MS, probeTimeoutMs: 2 * PASSAGES_TIMEOUT_MS };
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
