import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertCount, assertFields, callWire, cosine, jsonOf, lengthOf, openStream } from './wire.ts';

/** A server under the contract, and in what it differs from OpenAI itself. */
export interface OpenAiTarget extends AsyncDisposable {
  /** Without `/v1`. */
  readonly url: string;
  readonly embeddingModel: string;
  readonly dimension: number;
  readonly chatModel: string;
  /** Says what OpenAI says beyond the common core: base64, dimensions, codes of errors. Ollama ignores or lacks them. */
  readonly isComplete: boolean;
}

type Json = Record<string, unknown>;

const MESSAGES = [{ role: 'user', content: 'the kiln and the fire' }];
const ERROR = ['message', 'type', 'param', 'code'];

/** What every OpenAI-compatible server says on the wire. Held against the `/v1` of Ollama 0.9.6. */
export function openAiContract(name: string, target: () => OpenAiTarget): void {
  describe(`${name} speaks the wire format of OpenAI`, () => {
    describeModels(target);
    describeEmbeddings(target);
    describeChat(target);
    describeRefusals(target);
  });
}

function describeModels(target: () => OpenAiTarget): void {
  test('/v1/models lists models, and /v1/models/NAME shows one', async () => {
    const { url, chatModel } = target();
    const list = await jsonOf(`${url}/v1/models`);
    assertFields(list, ['object', 'data']);
    assert.equal(list['object'], 'list');
    const [first] = list['data'] as Json[];
    assertFields(first, ['id', 'object', 'created', 'owned_by']);
    assert.equal(first['object'], 'model');
    assertCount(first['created']);
    assert.equal((await jsonOf(`${url}/v1/models/${chatModel}`))['id'], chatModel);
  });
}

function describeEmbeddings(target: () => OpenAiTarget): void {
  const embed = async (json: Json): Promise<Json> =>
    jsonOf(`${target().url}/v1/embeddings`, { json: { model: target().embeddingModel, ...json } });

  test('/v1/embeddings answers with unit vectors in the order of the texts', async () => {
    const answer = await embed({ input: ['the kiln', 'a lamp by the river', 'the kiln'] });
    assertFields(answer, ['object', 'data', 'model', 'usage']);
    assert.deepEqual([answer['object'], answer['model']], ['list', target().embeddingModel]);
    assertFields(answer['usage'], ['prompt_tokens', 'total_tokens']);
    assertCount(answer['usage']['prompt_tokens']);
    const vectors = (answer['data'] as Json[]).map((one, index) => {
      assertFields(one, ['object', 'index', 'embedding']);
      assert.deepEqual([one['object'], one['index']], ['embedding', index]);
      return one['embedding'] as number[];
    });
    for (const vector of vectors) {
      assert.equal(vector.length, target().dimension);
      assert.ok(Math.abs(lengthOf(vector) - 1) < 1e-3);
    }
    const [first = [], second = [], third = []] = vectors;
    assert.ok(cosine(first, third) > 0.999);
    assert.ok(cosine(first, second) < 0.999);
    assert.equal(((await embed({ input: 'the kiln' }))['data'] as Json[]).length, 1);
  });

  test('base64 is the same vector as little-endian float32, where a server knows it', async () => {
    const floats = await firstEmbedding(embed({ input: 'the kiln' }));
    const coded = await firstEmbedding(embed({ input: 'the kiln', encoding_format: 'base64' }));
    if (!target().isComplete) return assert.deepEqual(coded, floats, 'base64 is ignored');
    const bytes = Buffer.from(String(coded), 'base64');
    assert.equal(bytes.length, 4 * target().dimension);
    for (const [index, value] of (floats as number[]).entries())
      assert.ok(Math.abs(bytes.readFloatLE(4 * index) - value) < 1e-6);
  });

  test('dimensions shortens the vectors to unit length, where a server knows it', async () => {
    const vector = (await firstEmbedding(embed({ input: 'the kiln', dimensions: 32 }))) as number[];
    assert.equal(vector.length, target().isComplete ? 32 : target().dimension);
    assert.ok(Math.abs(lengthOf(vector) - 1) < 1e-3);
  });
}

async function firstEmbedding(answer: Promise<Json>): Promise<unknown> {
  return ((await answer)['data'] as Json[])[0]?.['embedding'];
}

function describeChat(target: () => OpenAiTarget): void {
  const body = (more: Json): Json => ({
    model: target().chatModel,
    messages: MESSAGES,
    max_tokens: 3,
    temperature: 0,
    ...more,
  });
  const path = (): string => `${target().url}/v1/chat/completions`;

  test('/v1/chat/completions answers with one choice and the usage', async () => {
    const answer = await jsonOf(path(), { json: body({}) });
    assertFields(answer, ['id', 'object', 'created', 'model', 'system_fingerprint', 'choices', 'usage']);
    assert.deepEqual([answer['object'], answer['model']], ['chat.completion', target().chatModel]);
    assertUsage(answer['usage']);
    const [choice] = answer['choices'] as Json[];
    assert.equal(choice?.['index'], 0);
    assert.equal(choice?.['finish_reason'], 'length');
    const message = choice?.['message'] as Json;
    assert.equal(message['role'], 'assistant');
    assert.match(String(message['content']), /\S/);
  });

  test('/v1/chat/completions streams chunks of one id, a finish reason and [DONE]', async () => {
    const answer = await callWire(path(), { json: body({ stream: true }) });
    assert.match(answer.type, /^text\/event-stream/);
    const chunks = chunksOf(answer.text);
    assert.equal(new Set(chunks.map((chunk) => chunk['id'])).size, 1);
    for (const chunk of chunks) {
      assert.deepEqual([chunk['object'], chunk['model']], ['chat.completion.chunk', target().chatModel]);
      assert.equal('usage' in chunk, false);
      assert.equal(choiceOf(chunk)['index'], 0);
    }
    const deltas = chunks.map((chunk) => choiceOf(chunk)['delta'] as Json);
    assert.equal(deltas[0]?.['role'], 'assistant');
    assert.match(deltas.map((delta) => delta['content'] ?? '').join(''), /\S/);
    const reasons = chunks.map((chunk) => choiceOf(chunk)['finish_reason']);
    assert.deepEqual(new Set(reasons.slice(0, -1)), new Set([null]));
    assert.equal(reasons.at(-1), 'length');
  });

  test('include_usage adds a last chunk without choices', async () => {
    const json = body({ stream: true, stream_options: { include_usage: true } });
    const last = chunksOf((await callWire(path(), { json })).text).at(-1);
    assert.deepEqual(last?.['choices'], []);
    assertUsage(last?.['usage']);
  });

  test('a client that leaves in the middle of a stream makes room for the next', async () => {
    const stream = await openStream(path(), body({ stream: true, max_tokens: 100_000 }));
    assert.match(await stream.next(), /^data: /);
    stream.leave();
    assert.equal((await callWire(path(), { json: body({}) })).status, 200);
  });
}

function assertUsage(usage: unknown): void {
  assertFields(usage, ['prompt_tokens', 'completion_tokens', 'total_tokens']);
  assertCount(usage['prompt_tokens']);
  assert.equal(usage['completion_tokens'], 3);
  assert.equal(usage['total_tokens'], Number(usage['prompt_tokens']) + 3);
}

/** The chunks before `[DONE]`, which is the last event. */
function chunksOf(text: string): Json[] {
  const events = text.split('\n\n');
  assert.deepEqual(events.slice(-2), ['data: [DONE]', '']);
  return events.slice(0, -2).map((event) => {
    assert.ok(event.startsWith('data: '), event);
    return JSON.parse(event.slice('data: '.length)) as Json;
  });
}

function choiceOf(chunk: Json): Json {
  const [choice, ...others] = chunk['choices'] as Json[];
  assert.ok(choice);
  assert.deepEqual(others, []);
  return choice;
}

function describeRefusals(target: () => OpenAiTarget): void {
  const refusals: readonly (readonly [path: string, json: Json, status: number])[] = [
    ['embeddings', { model: 'nope', input: 'x' }, 404],
    ['embeddings', { model: 'EMBED' }, 400],
    ['embeddings', { model: 'EMBED', input: [] }, 400],
    ['chat/completions', { model: 'nope', messages: MESSAGES }, 404],
    ['chat/completions', { messages: MESSAGES }, 400],
    ['chat/completions', { model: 'CHAT', messages: [] }, 400],
    ['chat/completions', { model: 'EMBED', messages: MESSAGES }, 400],
  ];
  for (const [path, json, status] of refusals) {
    test(`/v1/${path} refuses ${JSON.stringify(json)} with ${status} and an error object`, async () => {
      const { url, isComplete, embeddingModel, chatModel } = target();
      const names: Json = { EMBED: embeddingModel, CHAT: chatModel };
      const model = names[String(json['model'])] ?? json['model'];
      const { error } = await jsonOf(`${url}/v1/${path}`, { json: { ...json, model } }, status);
      assertFields(error, ERROR);
      assert.match(String(error['message']), /\S/);
      if (isComplete) assert.equal(error['type'], 'invalid_request_error');
      if (isComplete && status === 404) assert.equal(error['code'], 'model_not_found');
    });
  }

  test('half a body is refused with 400 and an error object', async () => {
    const { error } = await jsonOf(`${target().url}/v1/chat/completions`, { text: '{"model":' }, 400);
    assertFields(error, ERROR);
    assert.equal(error['type'], 'invalid_request_error');
  });
}
