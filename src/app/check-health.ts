import type { Catalog } from '../core/documents/catalog.ts';
import { DEFAULT_TENANT } from '../core/documents/ids.ts';
import type { CheckHealth, CheckReadiness, DependencyHealth, Health } from '../core/health.ts';
import type { EmbeddingProfile } from '../core/retrieval/embedder.ts';
import type { Generator } from '../core/models/generator.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { BreakerSnapshot } from '../resilience/breaker-state.ts';
import type { Clock } from '../lib/clock.ts';
import { VERSION } from './version.ts';

export interface HealthDependencies {
  readonly catalog: Pick<Catalog, 'health' | 'listCollections'>;
  readonly profile: EmbeddingProfile;
  readonly clock: Clock;
  /** Of the second embedding model, where there is one. */
  readonly encoder?: { health(): Promise<DependencyHealth> } | null;
  /** The language model, where there is one. */
  readonly generator?: Pick<Generator, 'profile'> | null;
  /** Those who know whether the models work. */
  readonly monitors?: readonly ModelHealth[];
  readonly breakers?: readonly Pick<Breaker, 'snapshot'>[];
  readonly admission?: { health(): DependencyHealth } | null;
}

/** A model whose state is known. */
export interface ModelHealth {
  readonly isWarming: boolean;
  /** Its name is `encoder`, `generator` or `reranker`. */
  health(): DependencyHealth;
}

/** What works, per dependency. Never throws. */
export function createCheckHealth({
  catalog,
  profile,
  clock,
  encoder = null,
  generator = null,
  monitors = [],
  breakers = [],
  admission = null,
}: HealthDependencies): CheckHealth {
  const began = clock.monotonic();
  return async () => {
    const storage = await catalogHealth(catalog);
    const models = new Map(monitors.map((monitor) => monitor.health()).map((one) => [one.name, one]));
    const dependencies: DependencyHealth[] = [
      storage,
      { name: 'index', state: 'up', detail: 'embedded' },
      embedderHealth(profile),
      ...(encoder === null ? [] : [worse(await encoder.health(), models.get('encoder'))]),
      models.get('generator') ?? generatorHealth(generator),
      ...monitors.map((monitor) => monitor.health()).filter(({ name }) => name === 'reranker'),
      ...(admission === null ? [] : [admission.health()]),
      ...breakers.map((breaker) => breakerHealth(breaker.snapshot())),
    ];
    return {
      state: overall(storage, dependencies),
      version: VERSION,
      uptimeSeconds: Math.round((clock.monotonic() - began) / 1000),
      dependencies,
      ...(storage.state === 'down' ? { collections: 0, documents: 0, chunks: 0 } : await totals(catalog)),
    };
  };
}

/** The server's trouble goes before that of filling in. */
function worse(filling: DependencyHealth, model: DependencyHealth | undefined): DependencyHealth {
  if (model === undefined || model.state === 'up') return filling;
  const { state, detail } = model;
  const isSaid = detail === null || filling.detail?.includes(detail) === true;
  return { ...filling, state, detail: isSaid ? filling.detail : `${filling.detail}; ${detail}` };
}

/** Warming as long as one of the models is: questions are answered without it. */
export function createCheckReadiness(monitors: readonly ModelHealth[]): CheckReadiness {
  return () => {
    const warming = monitors.filter(({ isWarming }) => isWarming).map((monitor) => monitor.health());
    if (warming.length === 0) return { state: 'ready', reason: null };
    return { state: 'warming', reason: warming.map(({ name, detail }) => `${name}: ${detail}`).join('; ') };
  };
}

/** Why a model does not work now: null when it does, or when nobody watches it. */
export function problemOf(name: string, monitors: readonly ModelHealth[]): string | null {
  const health = monitors.map((monitor) => monitor.health()).find((one) => one.name === name);
  if (health === undefined || health.state === 'up' || health.state === 'degraded') return null;
  return `${health.state}: ${health.detail}`;
}

function embedderHealth({ model, dimensions }: EmbeddingProfile): DependencyHealth {
  if (dimensions === 0) return { name: 'embedder', state: 'disabled', detail: 'no static vectors are kept' };
  return { name: 'embedder', state: 'up', detail: model };
}

function generatorHealth(generator: Pick<Generator, 'profile'> | null): DependencyHealth {
  if (generator === null) return { name: 'generator', state: 'disabled', detail: 'answers are extracted' };
  return { name: 'generator', state: 'up', detail: generator.profile.model };
}

/** An open breaker degrades: what it guards is done without. */
function breakerHealth({ name, state, mode, retryAfterMs }: BreakerSnapshot): DependencyHealth {
  if (state === 'disabled') return { name, state: 'disabled', detail: 'not in use' };
  const held = mode === 'auto' ? '' : ', set by an operator';
  const wait = retryAfterMs > 0 && mode === 'auto' ? `, next try in ${Math.ceil(retryAfterMs / 1000)} s` : '';
  return { name, state: state === 'closed' ? 'up' : 'degraded', detail: `breaker ${state}${held}${wait}` };
}

function overall(storage: DependencyHealth, dependencies: readonly DependencyHealth[]): Health['state'] {
  if (storage.state === 'down') return 'down';
  return dependencies.some(({ state }) => state !== 'up' && state !== 'disabled') ? 'degraded' : 'ok';
}

async function catalogHealth(catalog: Pick<Catalog, 'health'>): Promise<DependencyHealth> {
  const { readable, writable, detail } = await catalog.health();
  const state = readable ? (writable ? 'up' : 'degraded') : 'down';
  return { name: 'catalog', state, detail: detail ?? 'sqlite' };
}

async function totals(
  catalog: Pick<Catalog, 'listCollections'>,
): Promise<Pick<Health, 'collections' | 'documents' | 'chunks'>> {
  const sum = { collections: 0, documents: 0, chunks: 0 };
  let cursor: string | null = null;
  do {
    const page = await catalog.listCollections(DEFAULT_TENANT, { limit: 1000, cursor });
    for (const { stats } of page.items) {
      sum.collections++;
      sum.documents += stats.documents.total;
      sum.chunks += stats.chunks;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return sum;
}
