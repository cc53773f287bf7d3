import { ollamaStandIn } from '../src/faults/models/ollama.ts';
import { writeCorpus, type Material } from './corpus.ts';
import { NEVER, scopeOf, temporaryService, until } from './temporary-service.ts';

export interface SlowEmbedderFigures {
  readonly passages: number;
  /** From the start of the ingest until every passage has its vector. */
  readonly seconds: number;
  /** The same calls one after the other by a loop that does nothing else, with the failed ones as good ones. */
  readonly limitSeconds: number;
  readonly failedDocuments: number;
  readonly failedCalls: number;
}

const FILES = 1500;
const DELAY_MS = 50;
const FAILING = 0.05;
const BATCH = 32;
const PLAIN_CALLS = 60;
const MODEL = 'all-minilm';
const scope = scopeOf('slow');

/** Ingest with an embedding server that takes 50 ms a batch and fails every twentieth, beside that server alone. */
export async function slowEmbedder(material: Material): Promise<SlowEmbedderFigures> {
  await using server = await ollamaStandIn({ knobs: { delayMs: DELAY_MS } });
  const perCallMs = await plainCall(server.url, material);
  server.reset();
  server.set({ share: FAILING, status: 500, faultsOn: ['embed'] });
  await using opened = await temporaryService({
    HOLDFAST_EMBEDDER: 'ollama',
    HOLDFAST_EMBEDDING_MODEL: MODEL,
    HOLDFAST_OLLAMA_URL: server.url,
  });
  const { service, corpus } = opened;
  await writeCorpus(corpus, FILES, material);
  await service.collections.ensure(scope);
  const began = performance.now();
  const summary = await service.ingest({ scope, paths: [corpus] }, () => undefined, NEVER);
  await until(async () => {
    const progress = await service.encoderProgress();
    return progress !== null && progress.encoded === progress.total;
  });
  const seconds = (performance.now() - began) / 1000;
  return {
    passages: summary.chunks,
    seconds,
    limitSeconds: (Math.ceil(summary.chunks / BATCH) * perCallMs) / 1000,
    failedDocuments: summary.files.failed,
    failedCalls: server.counts().injected,
  };
}

/** Milliseconds of one call of a full batch. */
async function plainCall(url: string, { sentences }: Material): Promise<number> {
  const input = Array.from({ length: BATCH }, (_, at) => sentences.slice(at, at + 7).join(' '));
  const body = JSON.stringify({ model: MODEL, input });
  const call = async (): Promise<void> => {
    const response = await fetch(`${url}/api/embed`, { method: 'POST', body });
    const { embeddings } = (await response.json()) as { readonly embeddings?: readonly unknown[] };
    if (embeddings?.length !== BATCH) throw new Error(`status ${response.status}`);
  };
  await call();
  const began = performance.now();
  for (let done = 0; done < PLAIN_CALLS; done++) await call();
  return (performance.now() - began) / PLAIN_CALLS;
}
