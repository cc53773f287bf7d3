import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openModels } from '../../src/app/models.ts';
import { openService } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import { DEFAULT_TENANT, type CollectionName } from '../../src/core/documents/ids.ts';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import type { StartDeadline } from '../../src/http/plugins/deadline.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { Deadline } from '../../src/resilience/deadline.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { parseEvents, testOptions } from '../http/harness.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SCOPE = { tenant: DEFAULT_TENANT, collection: 'docs' as CollectionName };
const TEXT = 'Backups run daily at 02:00. They are kept for 30 days.';
const QUESTION = 'When do backups run?';
const NEVER = new AbortController().signal;
const PATIENCE_MS = 60_000;
const SHORT_MS = 300;

interface Answered {
  readonly answer: { readonly text: string; readonly mode: string };
  readonly citations: readonly { readonly quote: string; readonly start: number; readonly end: number }[];
  readonly degraded: readonly {
    readonly component: string;
    readonly mode: string;
    readonly reason: string;
  }[];
}

/** How long models may take; the rest of the deadline is reserve, so that a slow machine makes no difference. */
let modelsMs = SHORT_MS;

const startDeadline: StartDeadline = (_afterMs, parent) =>
  new Deadline({ afterMs: PATIENCE_MS, reserveMs: PATIENCE_MS - modelsMs, parent });

function assertExtractive({ answer, citations }: Answered): void {
  assert.equal(answer.mode, 'extractive');
  assert.ok(citations.length > 0);
  for (const { quote, start, end } of citations) assert.equal(TEXT.slice(start, end), quote);
}

describe('questions over HTTP whose models hang', () => {
  let ollama: StandIn;
  let url: string;
  const stack = new AsyncDisposableStack();

  before(async () => {
    ollama = stack.use(await ollamaStandIn());
    const { path } = stack.use(await temporaryFolder());
    const config = loadConfig(
      {
        HOLDFAST_EMBEDDER: 'ollama',
        HOLDFAST_EMBEDDING_MODEL: 'all-minilm',
        HOLDFAST_GENERATOR: 'ollama',
        HOLDFAST_GENERATION_MODEL: 'tiny',
        HOLDFAST_OLLAMA_URL: ollama.url,
        HOLDFAST_CACHE_BYTES: '0',
        HOLDFAST_CANARY_SECONDS: '0',
      },
      { data: path },
    );
    const logger = createLogger({ level: 'error', format: 'text' });
    const service = stack.use(await openService(config, logger, await openModels(config, logger)));
    await service.collections.ensure(SCOPE);
    const about = { key: 'ops', name: 'ops.md', title: 'Operations', uri: null, format: null };
    const submission = { ...about, mediaType: null, metadata: {}, bytes: Buffer.from(TEXT) };
    await service.documents.submit(SCOPE, submission, NEVER);
    while (service.checkReadiness().state !== 'ready' || (await service.encoderProgress())?.encoded !== 1)
      await new Promise((done) => setImmediate(done));
    const server = stack.use(createHttpServer(service, { ...testOptions(), startDeadline }));
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });

  beforeEach(() => {
    ollama.reset();
    modelsMs = SHORT_MS;
  });
  after(async () => stack.disposeAsync());

  async function ask(body: Readonly<Record<string, unknown>>, signal = NEVER): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${url}/api/v1/rag/query`, { method: 'POST', headers, body: JSON.stringify(body), signal });
  }

  test('are answered from the reserve when all of them hang, and say so', async () => {
    ollama.set({ hangs: true });
    const response = await ask({ query: QUESTION });
    assert.equal(response.status, 200);
    const body = (await response.json()) as Answered;
    assertExtractive(body);
    const lost = body.degraded.map(({ component, mode }) => `${component}=${mode}`);
    assert.deepEqual(lost, ['embedding=static_vectors', 'generator=extractive']);
    assert.equal(response.headers.get('x-degraded'), lost.join(', '));
    assert.match(body.degraded[0]?.reason ?? '', /before the deadline/);
    // The embedder had used up the time that models have, so that the generator was not even asked.
    assert.equal(ollama.counts().calls.chat, 0);
    await ollama.until(({ inFlight }) => inFlight === 0);
  });

  test('are answered when the model stalls after it began to stream', async () => {
    modelsMs = 1500;
    ollama.set({ faultsOn: ['chat'], breakAfterTokens: 2, breakWith: 'stall' });
    const response = await ask({ query: QUESTION, stream: true });
    const events = parseEvents(await response.text());
    const last = events.at(-1);
    assert.equal(last?.event, 'final');
    assertExtractive(last?.data as Answered);
    await ollama.until(({ inFlight }) => inFlight === 0);
  });

  test('are searched when the embedder hangs', async () => {
    ollama.set({ hangs: true });
    const response = await ask({ query: 'How long are backups kept?', mode: 'search' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-degraded'), 'embedding=static_vectors');
    await ollama.until(({ inFlight }) => inFlight === 0);
  });

  test('stop the model when the client goes away (R9)', async () => {
    modelsMs = PATIENCE_MS;
    ollama.set({ faultsOn: ['chat'], hangs: true });
    const client = new AbortController();
    const asked = ask({ query: QUESTION }, client.signal);
    await ollama.until(({ calls }) => calls.chat === 1);
    client.abort();
    await assert.rejects(asked, { name: 'AbortError' });
    await ollama.until(({ inFlight }) => inFlight === 0);
    assert.equal(ollama.counts().aborted, 1);
  });
});
