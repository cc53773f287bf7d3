import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import {
  DEFAULT_TENANT,
  documentId,
  type CollectionName,
  type DocumentId,
  type Scope,
} from '../core/documents/ids.ts';
import { HoldfastError } from '../core/errors.ts';
import { joinKeys } from '../core/documents/record-key.ts';
import type { RetrievalMode } from '../core/retrieval/search.ts';
import type { Logger } from '../lib/logger.ts';
import { meanMetrics, rankingMetrics, type RankingMetrics } from '../lib/ranking-metrics.ts';
import { readEvaluationSet, type EvaluationQuery, type EvaluationSet } from './evaluation-set.ts';
import { openModels } from './models.ts';
import { openService, type Service } from './service.ts';

export type EvaluationMode = RetrievalMode;
export const EVALUATION_MODES = ['lexical', 'dense', 'hybrid'] as const satisfies readonly EvaluationMode[];

export interface Evaluation {
  readonly set: string;
  readonly documents: number;
  readonly chunks: number;
  /** Judged questions that were asked. */
  readonly queries: number;
  readonly modes: Readonly<Partial<Record<EvaluationMode, RankingMetrics>>>;
}

export interface EvaluateOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly modes: readonly EvaluationMode[];
  /** Only the first so many questions. */
  readonly limit?: number;
  readonly onProgress?: (line: string) => void;
}

/** A judged set, ingested into a service of its own that goes away with it. */
export interface LoadedSet extends AsyncDisposable {
  readonly set: EvaluationSet;
  readonly service: Service;
  readonly scope: Scope;
  readonly chunks: number;
  readonly documents: number;
  /** The id that the set knows a document by. */
  externalId(id: DocumentId): string;
  internalId(id: string): DocumentId;
}

const RESULTS = 100;
const POLL_MS = 200;
const COLLECTION = 'evaluation' as CollectionName;
const NEVER = new AbortController().signal;

/** Measures retrieval through the product's own ingest and search. @throws `evaluation_set_invalid`. */
export async function evaluateSet(folder: string, options: EvaluateOptions): Promise<Evaluation> {
  await using loaded = await loadSet(folder, options);
  const { set } = loaded;
  const judged = set.queries.slice(0, options.limit).filter(({ _id }) => isJudged(set, _id));
  const modes: Partial<Record<EvaluationMode, RankingMetrics>> = {};
  for (const mode of options.modes) {
    const each: RankingMetrics[] = [];
    for (const query of judged) {
      const ranked = await rankDocuments(loaded, query, mode);
      each.push(rankingMetrics(ranked, set.judgements.get(query._id) ?? new Map()));
      options.onProgress?.(`${set.name} ${mode}: ${each.length} of ${judged.length} questions`);
    }
    modes[mode] = meanMetrics(each);
  }
  return { set: set.name, documents: loaded.documents, chunks: loaded.chunks, queries: judged.length, modes };
}

/** Ingests a judged set into a temporary data folder. */
export async function loadSet(
  folder: string,
  { config, logger }: Pick<EvaluateOptions, 'config' | 'logger'>,
): Promise<LoadedSet> {
  const set = await readEvaluationSet(folder);
  if (set.queries.length === 0)
    throw new HoldfastError('evaluation_set_invalid', `${folder}/queries.jsonl holds no question`);
  const stack = new AsyncDisposableStack();
  try {
    const root = await mkdtemp(join(tmpdir(), 'holdfast-eval-'));
    stack.defer(async () => rm(root, { recursive: true, force: true }));
    const corpusFile = join(root, 'corpus.jsonl');
    await writeFile(corpusFile, set.corpus);
    const service = stack.use(
      await openService(
        { ...config, dataDir: join(root, 'data'), maxDocumentBytes: 2 ** 30, cacheBytes: 0 },
        logger,
        await openModels(config, logger),
      ),
    );
    const scope = { tenant: DEFAULT_TENANT, collection: COLLECTION };
    await service.collections.ensure(scope);
    const summary = await service.ingest({ scope, paths: [corpusFile] }, () => undefined, NEVER);
    const [failure] = summary.failures;
    if (summary.documents === 0)
      throw new HoldfastError(
        'evaluation_set_invalid',
        `${folder}: no document could be ingested: ${failure?.problem.reason ?? 'the corpus is empty'}`,
      );
    await untilEncoded(service);
    const ids = externalIds(set, scope, corpusFile);
    return {
      set,
      service,
      scope,
      chunks: summary.chunks,
      documents: summary.documents,
      externalId: (id) => ids.get(id) ?? id,
      internalId: (id) => documentId(scope, joinKeys(corpusFile, id)),
      [Symbol.asyncDispose]: async () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The second embedding model is measured when it has every passage. */
async function untilEncoded(service: Service): Promise<void> {
  for (;;) {
    const progress = await service.encoderProgress();
    if (progress === null || progress.encoded >= progress.total) return;
    await delay(POLL_MS);
  }
}

function externalIds(set: EvaluationSet, scope: Scope, item: string): Map<DocumentId, string> {
  const lines = Buffer.from(set.corpus)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const keys = lines.map((line) => (JSON.parse(line) as { readonly _id: string })._id);
  return new Map(keys.map((key) => [documentId(scope, joinKeys(item, key)), key]));
}

function isJudged(set: EvaluationSet, id: string): boolean {
  return [...(set.judgements.get(id)?.values() ?? [])].some((grade) => grade > 0);
}

/** Documents by the set's own ids, each once, at the rank of its best passage. */
export async function rankDocuments(
  loaded: LoadedSet,
  query: EvaluationQuery,
  mode: EvaluationMode,
): Promise<string[]> {
  const { tenant, collection } = loaded.scope;
  const request = { tenant, query: query.text, collections: [collection], filter: {}, topK: RESULTS, mode };
  const { results, degraded } = await loaded.service.search(request, NEVER);
  const [lost] = degraded;
  if (lost !== undefined)
    throw new Error(`"${query.text}" was searched without ${lost.component}: ${lost.reason}`);
  return [...new Set(results.map(({ documentId: id }) => loaded.externalId(id)))];
}
