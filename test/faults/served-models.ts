import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { openModels } from '../../src/app/models.ts';
import { serve } from '../../src/app/serve.ts';
import { openService } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { CollectionName } from '../../src/core/documents/ids.ts';
import { DEFAULT_TENANT } from '../../src/core/documents/ids.ts';
import { composedAnswer } from '../../src/faults/models/composed-answer.ts';
import { HEALTHY, type Knobs } from '../../src/faults/models/knobs.ts';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import { openaiStandIn } from '../../src/faults/models/openai.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { createFaultProxy, type FaultProxy } from '../../src/faults/proxy.ts';
import type { Breaker } from '../../src/resilience/breaker.ts';
import {
  DEPENDENCY_DEFAULTS,
  type BreakerName,
  type DependencySettings,
} from '../../src/resilience/defaults.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export type Component = 'embedder' | 'generator' | 'reranker';
export type Wire = 'ollama' | 'openai';

/** What a component is called elsewhere. */
export const NAMES = {
  embedder: {
    health: 'encoder',
    breaker: 'ollama_embedding',
    kind: 'embed',
    lost: 'embedding=static_vectors',
  },
  generator: {
    health: 'generator',
    breaker: 'ollama_generation',
    kind: 'chat',
    lost: 'generator=extractive',
  },
  reranker: { health: 'reranker', breaker: 'reranker', kind: 'rerank', lost: 'reranker=fused_order' },
} as const satisfies Record<Component, object>;

export const KEY = 'sk-a-key-that-nobody-may-see';
const SCOPE = { tenant: DEFAULT_TENANT, collection: 'docs' as CollectionName };
const NEVER = new AbortController().signal;

/** By name without extension. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  backups: 'Backups run daily at 02:00. They are kept for 30 days on another machine.',
  network: 'The server listens on port 8600. A proxy terminates TLS before it.',
  rota: 'Ana is on call in week 12. Backups are checked by whoever is on call.',
};

export interface Answered {
  readonly answer: { readonly text: string; readonly mode: string; readonly refused: boolean };
  readonly citations: readonly {
    readonly title: string;
    readonly start: number;
    readonly end: number;
    readonly quote: string;
  }[];
  readonly degraded: readonly {
    readonly component: string;
    readonly mode: string;
    readonly reason: string;
  }[];
}

export interface HealthBody {
  readonly state: string;
  readonly dependencies: readonly {
    readonly name: string;
    readonly state: string;
    readonly detail: string | null;
  }[];
}

/** A Holdfast that listens, with its models behind a proxy that can spoil everything. */
export interface ServedModels extends AsyncDisposable {
  readonly url: string;
  readonly standIn: StandIn;
  readonly proxy: FaultProxy;
  /** Text that the language model says instead of a good answer. */
  says: string | null;
  /** Asks something that was not asked before; the status is 200. */
  ask(): Promise<Answered>;
  health(): Promise<HealthBody>;
  /** Failures that the component's breaker has counted. */
  failures(component: Component): number;
  /** Everything works again, and breakers have forgotten. Resolves when an answer shows it. */
  recover(): Promise<void>;
}

export interface ServedOptions {
  readonly wire: Wire;
  readonly components: readonly Component[];
  /** Short time limits, for models that hang; otherwise they are so long that a slow machine makes no difference. */
  readonly isHasty?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** What the model server does from the start. */
  readonly knobs?: Partial<Knobs>;
  /** Put behind the addresses of the models. */
  readonly path?: string;
  readonly isTls?: boolean;
}

export async function serveModels(options: ServedOptions): Promise<ServedModels> {
  const stack = new AsyncDisposableStack();
  const { knobs = {} } = options;
  const said: { text: string | null } = { text: null };
  const answer = (messages: Parameters<typeof composedAnswer>[0]): string =>
    said.text ?? composedAnswer(messages);
  const standIn = stack.use(
    options.wire === 'ollama'
      ? await ollamaStandIn({ answer, knobs })
      : await openaiStandIn({ answer, apiKey: KEY, knobs }),
  );
  const proxy = stack.use(await createFaultProxy({ upstream: standIn.url, protocol: 'http' }));
  const { path } = stack.use(await temporaryFolder());
  const config = loadConfig(environment(options, proxy.url), { data: path });
  const logger = createLogger({ level: 'error', format: 'text' });
  const models = await openModels(config, logger, { settings: limits(options.isHasty === true) });
  const service = stack.use(await openService(config, logger, models));
  const served = stack.use(await serve(service, { config, logger, listen: { host: '127.0.0.1', port: 0 } }));
  await service.collections.ensure(SCOPE);
  for (const [key, text] of Object.entries(DOCUMENTS)) {
    const about = {
      key,
      name: `${key}.md`,
      title: key,
      uri: null,
      format: null,
      mediaType: null,
      metadata: {},
    };
    await service.documents.submit(SCOPE, { ...about, bytes: Buffer.from(text) }, NEVER);
  }
  let asked = 0;
  const ask = async (): Promise<Answered> => question(served.address, `When do backups run? (${asked++})`);
  const health = async (): Promise<HealthBody> =>
    (await (await fetch(`${served.address}/health`)).json()) as HealthBody;
  return {
    url: served.address,
    standIn,
    proxy,
    get says() {
      return said.text;
    },
    set says(text) {
      said.text = text;
    },
    ask,
    health,
    failures: (component) => breakerOf(models.breakers, component).snapshot().totals.failures,
    async recover() {
      said.text = null;
      standIn.set(HEALTHY);
      await proxy.clear();
      for (const component of options.components) startOver(breakerOf(models.breakers, component));
      while (!(await isWell({ ask, health }))) await delay(20);
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

async function question(address: string, query: string): Promise<Answered> {
  const response = await fetch(`${address}/api/v1/rag/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const body = (await response.json()) as Answered;
  assert.equal(response.status, 200, JSON.stringify(body));
  return body;
}

async function isWell({ ask, health }: Pick<ServedModels, 'ask' | 'health'>): Promise<boolean> {
  const { dependencies } = await health();
  const filling = dependencies.find(({ name }) => name === 'encoder')?.detail ?? '3 of 3 passages';
  if (!filling.includes('3 of 3 passages')) return false;
  const { degraded } = await ask();
  return degraded.length === 0 && (await health()).state === 'ok';
}

function breakerOf(breakers: readonly Breaker[], component: Component): Breaker {
  const found = breakers.find(({ name }) => name === NAMES[component].breaker);
  return found ?? assert.fail(`there is no breaker of the ${component}`);
}

function startOver(breaker: Breaker): void {
  breaker.force('closed');
  breaker.force('auto');
}

function environment(options: ServedOptions, url: string): Record<string, string> {
  const { wire, components, path = '', isTls = false, settings = {} } = options;
  const address = `${isTls ? url.replace('http:', 'https:') : url}${path}`;
  return {
    HOLDFAST_CACHE_BYTES: '0',
    HOLDFAST_CANARY_SECONDS: '0',
    HOLDFAST_QUERY_TIMEOUT_MS: '120000',
    HOLDFAST_OLLAMA_URL: address,
    HOLDFAST_OPENAI_URL: address,
    HOLDFAST_OPENAI_API_KEY: KEY,
    ...(components.includes('embedder')
      ? { HOLDFAST_EMBEDDER: wire, HOLDFAST_EMBEDDING_MODEL: 'all-minilm' }
      : {}),
    ...(components.includes('generator')
      ? { HOLDFAST_GENERATOR: wire, HOLDFAST_GENERATION_MODEL: 'tiny' }
      : {}),
    ...(components.includes('reranker')
      ? { HOLDFAST_RERANKER: 'http', HOLDFAST_RERANKER_URL: address, HOLDFAST_RERANKER_API_KEY: KEY }
      : {}),
    ...settings,
  };
}

const PATIENT_MS = 60_000;
const HASTY_MS = 300;

function limits(isHasty: boolean): Partial<Record<BreakerName, Partial<DependencySettings>>> {
  const timeoutMs = isHasty ? HASTY_MS : PATIENT_MS;
  const stream = { firstItemMs: timeoutMs, gapMs: timeoutMs, totalMs: 2 * PATIENT_MS };
  const breaker = (name: BreakerName) => ({ ...DEPENDENCY_DEFAULTS[name].breaker, slowMs: PATIENT_MS });
  return {
    ollama_embedding: { timeoutMs, breaker: breaker('ollama_embedding') },
    ollama_generation: { timeoutMs, stream, breaker: breaker('ollama_generation') },
    reranker: { timeoutMs, breaker: breaker('reranker') },
  };
}
