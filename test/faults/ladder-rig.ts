import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { openModels } from '../../src/app/models.ts';
import { serve } from '../../src/app/serve.ts';
import { openService, type Service } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import { composedAnswer, type Answer } from '../../src/faults/models/composed-answer.ts';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import { openaiStandIn } from '../../src/faults/models/openai.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import type { WireAsk } from '../../src/http/contract/search.ts';
import { createApi, type Api } from '../end-to-end/api.ts';
import { recordingLogger, type LogEvent } from '../end-to-end/service.ts';
import { parseEvents } from '../http/harness.ts';
import { until } from '../matrix/until.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export const COLLECTION = 'docs';

/** A service behind HTTP with models that can be broken. */
export interface LadderRig extends AsyncDisposable {
  readonly folder: string;
  readonly service: Service;
  readonly api: Api;
  readonly events: readonly LogEvent[];
  readonly embedder: StandIn;
  readonly generator: StandIn;
  readonly reranker: StandIn;
  /** All models work again, and are asked again. */
  heal(): void;
  /** What the generator says from now on, whatever it is asked. */
  say(text: string): void;
  ask(query: string): Promise<Asked>;
  /** The same as events. */
  stream(query: string): Promise<readonly { event: string; data: unknown }[]>;
}

export interface Asked {
  readonly status: number;
  /** The header X-Degraded. */
  readonly header: string | null;
  readonly body: WireAsk;
}

/** `HOLDFAST_*` settings of a rig with every kind of model. */
export const ALL_MODELS = {
  HOLDFAST_EMBEDDER: 'ollama',
  HOLDFAST_EMBEDDING_MODEL: 'all-minilm',
  HOLDFAST_GENERATOR: 'openai',
  HOLDFAST_GENERATION_MODEL: 'tiny',
  HOLDFAST_RERANKER: 'http',
};

export async function openLadderRig(
  settings: Readonly<Record<string, string>>,
  folder?: string,
): Promise<LadderRig> {
  const stack = new AsyncDisposableStack();
  try {
    const path = folder ?? stack.use(await temporaryFolder()).path;
    const embedder = stack.use(await ollamaStandIn());
    const speech = { text: null as string | null };
    const answer: Answer = (messages) => speech.text ?? composedAnswer(messages);
    const generator = stack.use(await openaiStandIn({ answer }));
    const reranker = stack.use(await openaiStandIn());
    const events: LogEvent[] = [];
    const logger = recordingLogger(events);
    const urls = {
      HOLDFAST_OLLAMA_URL: embedder.url,
      HOLDFAST_OPENAI_URL: `${generator.url}/v1`,
      HOLDFAST_RERANKER_URL: reranker.url,
    };
    const used = Object.entries(urls).filter(([name]) => isUsed(name, settings));
    const config = loadConfig(
      { HOLDFAST_CANARY_SECONDS: '0', HOLDFAST_CACHE_BYTES: '0', ...settings, ...Object.fromEntries(used) },
      { data: path },
    );
    const service = stack.use(await openService(config, logger, await openModels(config, logger)));
    const listen = { host: '127.0.0.1', port: 0 };
    const { address } = stack.use(await serve(service, { config, logger, listen }));
    const { token } = service.folder;
    // Far away: only the clocks of the models end a call.
    const post = async (body: unknown): Promise<Response> =>
      fetch(`${address}/api/v1/rag/query`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-holdfast-local-token': token,
          'x-request-deadline-ms': '60000',
        },
        body: JSON.stringify(body),
      });
    while (service.checkReadiness().state !== 'ready') await delay(5);
    return {
      folder: path,
      service,
      api: createApi(address, token),
      events,
      embedder,
      generator,
      reranker,
      heal() {
        speech.text = null;
        for (const model of [embedder, generator, reranker]) model.reset();
        for (const { name, state } of service.breakers.list())
          if (state !== 'disabled')
            for (const mode of ['closed', 'auto'] as const) service.breakers.hold(name, mode);
      },
      say(text) {
        speech.text = text;
      },
      async ask(query) {
        const response = await post({ query, collections: [COLLECTION] });
        const body = (await response.json()) as WireAsk;
        return { status: response.status, header: response.headers.get('x-degraded'), body };
      },
      async stream(query) {
        const response = await post({ query, collections: [COLLECTION], stream: true });
        assert.equal(response.status, 200);
        return parseEvents(await response.text());
      },
      [Symbol.asyncDispose]: async () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function isUsed(name: string, settings: Readonly<Record<string, string>>): boolean {
  if (name === 'HOLDFAST_RERANKER_URL') return settings['HOLDFAST_RERANKER'] === 'http';
  const kind = name === 'HOLDFAST_OLLAMA_URL' ? 'ollama' : 'openai';
  return settings['HOLDFAST_EMBEDDER'] === kind || settings['HOLDFAST_GENERATOR'] === kind;
}

/** Waits until the encoder has seen everything. */
export async function encoded({ service }: LadderRig): Promise<void> {
  await until('the encoder has seen every passage', async () => {
    const progress = await service.encoderProgress();
    return progress !== null && progress.total > 0 && progress.encoded === progress.total;
  });
}

/**
 * R18: an extractive answer is its quotes and their markers, and every quote stands in the stored text of its
 * version, byte by byte. Of any other answer the quotes do.
 */
export async function assertVerbatim({ api }: LadderRig, { answer, citations }: WireAsk): Promise<void> {
  assert.equal(answer.refused, false, answer.text);
  assert.ok(citations.length > 0);
  for (const { collection, document_id: id, start, end, quote } of citations) {
    const stored = Buffer.from((await api.text(collection, id)).slice(start, end));
    assert.ok(stored.equals(Buffer.from(quote)), quote);
  }
  if (answer.mode !== 'extractive') return;
  let rest = Buffer.from(answer.text);
  for (const { marker, quote } of citations) {
    const [piece, mark] = [Buffer.from(quote), Buffer.from(`[${marker}]`)];
    assert.ok(rest.subarray(0, piece.length).equals(piece), rest.toString());
    rest = withoutSpace(rest.subarray(piece.length));
    assert.ok(rest.subarray(0, mark.length).equals(mark), rest.toString());
    rest = withoutSpace(rest.subarray(mark.length));
  }
  assert.equal(rest.length, 0, rest.toString());
}

/** Without the one space or line end in front. */
function withoutSpace(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  return bytes[0] === 0x20 || bytes[0] === 0x0a ? bytes.subarray(1) : bytes;
}
