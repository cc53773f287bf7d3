import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderBlobStore } from '../adapters/blob-store/folder.ts';
import { smallFirst } from '../adapters/blob-store/small-first.ts';
import { folderUploads } from '../adapters/blob-store/uploads.ts';
import { sqliteCatalog, type SqliteCatalog } from '../adapters/catalog/sqlite.ts';
import { catalogScan } from '../adapters/chunk-index/catalog-scan.ts';
import { embeddedIndex, type EmbeddedIndex } from '../adapters/chunk-index/embedded.ts';
import { openDataFolder, type DataFolder } from '../adapters/data-folder.ts';
import { embedKnown, loadStaticModel, staticEmbedder } from '../adapters/embedder/static.ts';
import type { Config } from '../config/config.ts';
import { createAsking, type Asking } from '../core/answer/create-ask.ts';
import { cachedAsking } from '../core/answer/cached-asking.ts';
import type { BlobStore } from '../core/documents/blob-store.ts';
import type { Scope } from '../core/documents/ids.ts';
import type { UploadStore } from '../core/documents/uploads.ts';
import type { Admit } from '../http/plugins/admission.ts';
import type { CheckHealth, CheckReadiness } from '../core/health.ts';
import type { Breakers } from '../core/breakers.ts';
import type { Generator } from '../core/models/generator.ts';
import type { Reranker } from '../core/models/reranker.ts';
import { reranked } from '../core/retrieval/rerank.ts';
import type { Extractor } from '../core/ingest/extractor.ts';
import { generationId } from '../core/ingest/generation.ts';
import { AS_THE_SERVICE, recipes, type RecipeOf } from '../core/ingest/recipe.ts';
import type { Embedder, EmbeddingProfile } from '../core/retrieval/embedder.ts';
import { createRetrieve, type Retrieve } from '../core/retrieval/retrieve.ts';
import { isoTime, systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Observe } from '../worker/observe.ts';
import type { Admission } from './admission.ts';
import { createCheckHealth, createCheckReadiness, problemOf, type ModelHealth } from './check-health.ts';
import { measuredAsking } from '../telemetry/measured-asking.ts';
import { measuredEmbedder, measuredGenerator, measuredReranker } from '../telemetry/measured-models.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createBreakers, type HeldBreaker } from './breakers.ts';
import { besideEncoder, startEncoder, type EncoderProgress, type RunningEncoder } from './encoder.ts';
import { sparingReserve, timeLeftMs } from './guarded-models.ts';
import { indexLimit, lostIndex } from './lost-index.ts';
import { lexicalConstants } from './lexical-constants.ts';
import { MODEL_FOLDER } from './package-folders.ts';
import { openLibrary, type Library } from './library.ts';
import { keepsStaticVectors, NO_VECTORS } from './static-vectors.ts';
import { embeddedTextAnalysis } from './text-analysis.ts';
import { VERSION } from './version.ts';
import type { ModelCalls } from './watched-models.ts';
import { forEachCollection, verifyIndex, type IndexDifference } from './verify-index.ts';

/** Everything that Holdfast does, whether in this process or behind an address. */
export interface UseCases extends Asking, Library {
  readonly checkHealth: CheckHealth;
  readonly breakers: Breakers;
}

/** A running Holdfast on one data folder. Disposing it saves the indexes and frees the folder. */
export interface Service extends UseCases, AsyncDisposable {
  readonly folder: DataFolder;
  readonly metrics: Metrics;
  readonly scrapeMetrics: Metrics['scrape'];
  readonly admit: Admit;
  readonly checkReadiness: CheckReadiness;
  /** Loads the indexes of all collections, so that the first question is fast. */
  warmUp(): Promise<void>;
  /** How far the second embedding model is; null when there is none. */
  encoderProgress(): Promise<EncoderProgress | null>;
  /** Memory of a collection's index in bytes. */
  indexBytes(scope: Scope): Promise<number>;
  /** Compares every collection's index with the catalog; differences by collection, empty when all agree. */
  verifyIndex(): Promise<readonly IndexDifference[]>;
}

/** What a service may be given besides its configuration. */
export interface ServiceModels {
  /** A second embedding model, guarded. Its vectors fill in behind and take over; null or left out: none. */
  readonly encoder?: Embedder | null;
  /** A language model, guarded; null or left out: answers are extracted. */
  readonly generator?: Generator | null;
  /** A reranking model, guarded; null or left out: the fused order stays. */
  readonly reranker?: Reranker | null;
  /** Reads files that no built-in parser takes, guarded; null or left out: none. */
  readonly extractor?: Extractor | null;
  /** Called when the service is closed, after everything that asks the models. */
  readonly close?: () => Promise<void>;
  /** Breakers of the models and others, as health shows them. */
  readonly breakers?: readonly HeldBreaker[];
  /** Decides what a busy process takes on; null or left out: everything. */
  readonly admission?: Admission | null;
  /** Numbers of the calls of models, for metrics. */
  readonly calls?: readonly ModelCalls[];
  /** Those who know whether the models work. */
  readonly monitors?: readonly ModelHealth[];
  /** Told of every step of the ingest as it is done. */
  readonly observe?: Observe;
}

/**
 * Opens the data folder and wires the use cases to the embedded adapters.
 * @throws HoldfastError `data_folder_unusable`, `data_folder_locked`, `data_folder_too_new`, `storage_failed`.
 */
export async function openService(
  config: Config,
  logger: Logger,
  models: ServiceModels = {},
): Promise<Service> {
  const stack = new AsyncDisposableStack();
  stack.defer(async () => models.close?.());
  try {
    const folder = stack.use(
      openDataFolder(config.dataDir, { pid: process.pid, startedAt: isoTime(systemClock) }),
    );
    const catalog = stack.use(
      sqliteCatalog({ path: join(config.dataDir, 'catalog.db'), clock: systemClock }),
    );
    const blobs = smallFirst(catalog.smallBlobs, await folderBlobStore(join(config.dataDir, 'originals')));
    const uploadStore = await folderUploads(join(config.dataDir, 'uploads'));
    const service = await wire({ config, logger, folder, catalog, blobs, uploadStore, stack, models });
    return service;
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly logger: Logger;
  readonly folder: DataFolder;
  readonly catalog: SqliteCatalog;
  readonly blobs: BlobStore;
  readonly uploadStore: UploadStore;
  readonly stack: AsyncDisposableStack;
  readonly models: ServiceModels;
}

async function wire(parts: Parts): Promise<Service> {
  const { config, logger, folder, catalog, stack, models } = parts;
  const { breakers: held = [], monitors = [], admission = null } = models;
  const breakers = createBreakers(held, logger);
  const metrics = openMetrics(breakers, models);
  const { encoder, generator, reranker } = measuredModels(models, metrics);
  const model = await loadStaticModel(MODEL_FOLDER);
  const embedder = keepsStaticVectors(config, encoder) ? staticEmbedder(model) : null;
  const profile = embedder?.profile ?? NO_VECTORS;
  const index = stack.use(await openIndex({ config, logger, catalog, encoder }, profile));
  const running = openEncoder(encoder, { catalog, logger, stack, models }, index);
  const recipeOf = recipesFor(config, profile);
  const { generation } = recipeOf(AS_THE_SERVICE);
  const retrieve = openRetrieve({ config, catalog, index, embedder, running, reranker });
  const library = await openLibrary({ ...parts, index, running, recipeOf, retrieve, profile });
  const asking = createAsking({
    retrieve,
    catalog,
    analysis: embeddedTextAnalysis(index),
    limitIndex: indexLimit(),
    embed: (text) => embedKnown(model, text),
    generator,
    countTokens: (text) => model.tokenize(text).length,
    clock: systemClock,
  });
  return {
    ...measuredAsking(
      remembered(admission?.admitted(asking) ?? asking, {
        config,
        catalog,
        fingerprint: fingerprintOf(generation, models),
      }),
      metrics,
      systemClock,
    ),
    breakers,
    metrics,
    scrapeMetrics: metrics.scrape,
    ...library,
    checkHealth: createCheckHealth({
      catalog,
      profile,
      clock: systemClock,
      encoder: running,
      generator,
      breakers: held,
      monitors,
      admission,
    }),
    checkReadiness: createCheckReadiness(monitors),
    admit: admission?.admit ?? (() => undefined),
    folder,
    // What cannot be loaded is served without.
    warmUp: async () =>
      forEachCollection(catalog, async (scope) => void (await Promise.allSettled([index.open(scope)]))),
    encoderProgress: async () => (running === null ? null : running.progress()),
    indexBytes: async (scope) => (await index.partition(scope)).bytes,
    verifyIndex: async () => verifyIndex(catalog, index),
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

function recipesFor({ chunkTokens: usual }: Config, profile: EmbeddingProfile): RecipeOf {
  return recipes(usual, ({ chunkTokens, isEmbedded }) =>
    generationId({ profile: isEmbedded ? profile : NO_VECTORS, chunkTokens }),
  );
}

function openMetrics(
  breakers: Breakers,
  { calls = [], monitors = [], admission = null }: ServiceModels,
): Metrics {
  return createMetrics({
    version: VERSION,
    breakers,
    calls: () => calls.map((read) => read()),
    models: () => monitors.map((monitor) => monitor.health()),
    admission: () => admission?.reading() ?? null,
  });
}

/** The models, each call of them measured. */
function measuredModels({ encoder, generator, reranker }: ServiceModels, metrics: Metrics) {
  return {
    encoder: encoder ? measuredEmbedder(encoder, metrics, systemClock) : null,
    generator: generator ? measuredGenerator(generator, metrics, systemClock) : null,
    reranker: reranker ? measuredReranker(reranker, metrics, systemClock) : null,
  };
}

/** The second embedding model, if there is one, at work. */
function openEncoder(
  encoder: Embedder | null,
  { catalog, logger, stack, models }: Pick<Parts, 'catalog' | 'logger' | 'stack' | 'models'>,
  index: EmbeddedIndex,
): RunningEncoder | null {
  if (encoder === null) return null;
  const problem = (): string | null => problemOf('encoder', models.monitors ?? []);
  return stack.use(startEncoder({ embedder: encoder, catalog, index, logger, problem }));
}

function remembered(
  asking: Asking,
  { config, catalog, fingerprint }: Pick<Parts, 'config' | 'catalog'> & { readonly fingerprint: string },
): Asking {
  return cachedAsking(asking, {
    catalog,
    clock: systemClock,
    newId: randomUUID,
    maxBytes: config.cacheBytes,
    maxStaleMs: config.maxStaleSeconds * 1000,
    sparing: sparingReserve,
    timeLeftMs,
    fingerprint,
  });
}

/** What an answer depends on besides the documents. */
function fingerprintOf(generation: string, { encoder, generator, reranker }: ServiceModels): string {
  return [generation, encoder, generator, reranker]
    .map((part) => (typeof part === 'string' ? part : (part?.profile.model ?? '')))
    .join('|');
}

interface RetrieveParts extends Pick<Parts, 'config' | 'catalog'> {
  readonly index: EmbeddedIndex;
  readonly embedder: Embedder | null;
  readonly running: RunningEncoder | null;
  readonly reranker: Reranker | null;
}

function openRetrieve({ config, catalog, index, embedder, running, reranker }: RetrieveParts): Retrieve {
  const fused = createRetrieve({
    catalog,
    index: running === null ? index : besideEncoder(index, catalog),
    embedder,
    encoder: running?.encoder ?? null,
    lostIndex: lostIndex(catalogScan({ source: catalog, constants: lexicalConstants(config) })),
    limitIndex: indexLimit(),
    clock: systemClock,
    newId: randomUUID,
    ...(config.denseWeight === undefined ? {} : { fusionWeight: config.denseWeight }),
  });
  const retrieve = reranker === null ? fused : reranked(fused, { reranker, clock: systemClock });
  return running?.first(retrieve) ?? retrieve;
}

async function openIndex(
  {
    config,
    logger,
    catalog,
    encoder,
  }: Pick<Parts, 'config' | 'logger' | 'catalog'> & { readonly encoder: Embedder | null },
  { model, dimensions }: EmbeddingProfile,
): Promise<EmbeddedIndex> {
  const folder = join(config.dataDir, 'index');
  await mkdir(folder, { recursive: true });
  return embeddedIndex({
    folder,
    model,
    dimensions,
    ...(encoder === null ? {} : { encoderModel: encoder.profile.model }),
    constants: lexicalConstants(config),
    memoryBytes: config.indexMemoryBytes,
    source: catalog,
    logger,
  });
}
