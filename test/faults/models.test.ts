import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openModels } from '../../src/app/models.ts';
import { openService, type Service } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { AnswerEvent, AskRequest, AskResponse } from '../../src/core/answer/answer.ts';
import { DEFAULT_TENANT, type CollectionName } from '../../src/core/documents/ids.ts';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SCOPE = { tenant: DEFAULT_TENANT, collection: 'docs' as CollectionName };
const TEXT = 'Backups run daily at 02:00. They are kept for 30 days.\n\nThe server listens on port 8600.';
const NEVER = new AbortController().signal;

function question(query: string): AskRequest {
  const { tenant, collection } = SCOPE;
  return {
    tenant,
    query,
    collections: [collection],
    filter: {},
    topK: 5,
    mode: 'hybrid',
    maxAnswerChars: 400,
  };
}

describe('answers of a language model that may fail', () => {
  let ollama: StandIn;
  let service: Service;
  const stack = new AsyncDisposableStack();

  before(async () => {
    ollama = stack.use(await ollamaStandIn());
    const { path } = stack.use(await temporaryFolder());
    const config = loadConfig(
      {
        HOLDFAST_GENERATOR: 'ollama',
        HOLDFAST_GENERATION_MODEL: 'tiny',
        HOLDFAST_OLLAMA_URL: ollama.url,
        HOLDFAST_CACHE_BYTES: '0',
        HOLDFAST_CANARY_SECONDS: '0',
      },
      { data: path },
    );
    const logger = createLogger({ level: 'error', format: 'text' });
    service = stack.use(await openService(config, logger, await openModels(config, logger)));
    while (service.checkReadiness().state !== 'ready') await delay(5);
    await service.collections.ensure(SCOPE);
    const submission = {
      key: 'ops',
      name: 'ops.md',
      title: 'Operations',
      uri: null,
      format: null,
      mediaType: null,
      metadata: {},
    };
    await service.documents.submit(SCOPE, { ...submission, bytes: Buffer.from(TEXT) }, NEVER);
  });

  beforeEach(() => ollama.reset());
  after(async () => stack.disposeAsync());

  async function versionText(): Promise<string> {
    const { items } = await service.documents.list(SCOPE, { limit: 10, cursor: null });
    return service.documents.text(SCOPE, items[0]?.id ?? assert.fail('no document'));
  }

  async function assertExact({ citations }: AskResponse): Promise<void> {
    const text = await versionText();
    assert.ok(citations.length > 0);
    for (const { quote, start, end } of citations) assert.equal(text.slice(start, end), quote);
  }

  test('are generated, with exact citations, when the model works', async () => {
    const response = await service.ask(question('When do backups run?'), NEVER);
    assert.deepEqual(
      [response.answer.mode, response.answer.refused, response.degraded],
      ['generated', false, []],
    );
    await assertExact(response);
    assert.equal(ollama.counts().calls.chat, 1);
  });

  const FAULTS = {
    'answers 500': { status: 500 },
    'has too much to do': { status: 429 },
    'answers 200 with HTML': { body: 'html' },
    'sends a foreign redirect': { redirectTo: 'http://127.0.0.1:9/' },
    'breaks off in the middle': { breakAfterTokens: 2, breakWith: 'close' },
  } as const;
  for (const [title, knobs] of Object.entries(FAULTS)) {
    test(`become extractive when the model ${title}, and say so`, async () => {
      ollama.set(knobs);
      const response = await service.ask(question('When do backups run?'), NEVER);
      assert.equal(response.answer.mode, 'extractive');
      assert.deepEqual(
        response.degraded.map(({ component, mode }) => [component, mode]),
        [['generator', 'extractive']],
      );
      await assertExact(response);
    });
  }

  test('tell a streaming client to replace what came, and end with the whole extractive answer', async () => {
    ollama.set({ breakAfterTokens: 3, breakWith: 'close' });
    const events: AnswerEvent[] = [];
    for await (const event of service.askStream(question('On which port does the server listen?'), NEVER))
      events.push(event);
    const types = events.map(({ type }) => type);
    assert.equal(types[0], 'retrieval');
    assert.ok(types.indexOf('degraded') > 0);
    const last = events.at(-1);
    assert.ok(last?.type === 'final');
    assert.equal(last.data.answer.mode, 'extractive');
    await assertExact(last.data);
  });

  test('open the breaker after failures in a row, then cost the model nothing, and health shows it', async () => {
    ollama.set({ status: 500 });
    for (let round = 0; round < 6; round++) await service.ask(question('When do backups run?'), NEVER);
    const before = ollama.counts().calls.chat;
    const response = await service.ask(question('When do backups run?'), NEVER);
    assert.equal(ollama.counts().calls.chat, before);
    assert.match(response.degraded[0]?.reason ?? '', /ollama_generation/);
    await assertExact(response);
    const { state, dependencies } = await service.checkHealth();
    assert.equal(state, 'degraded');
    const breakers = new Map(dependencies.map(({ name, state: one }) => [name, one]));
    assert.deepEqual(
      ['ollama_generation', 'ollama_embedding', 'qdrant_search', 'reranker'].map((name) =>
        breakers.get(name),
      ),
      ['degraded', 'disabled', 'disabled', 'disabled'],
    );
  });
});
