import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertCount, assertFields, callWire, cosine, jsonOf, lengthOf, openStream } from './wire.ts';

/** A server under the contract and what it has. */
export interface OllamaTarget extends AsyncDisposable {
  readonly url: string;
  /** Without tag. */
  readonly embeddingModel: string;
  readonly dimension: number;
  /** Says more than a thousand tokens when nothing limits it. */
  readonly chatModel: string;
}

type Json = Record<string, unknown>;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z$/;
const COUNTS = ['load_duration', 'total_duration', 'prompt_eval_count'];
const METRICS = [...COUNTS, 'prompt_eval_duration', 'eval_count', 'eval_duration'];
const CHAT = ['model', 'created_at', 'message', 'done'];
const QUESTION = [{ role: 'user', content: 'the kiln and the fire' }];

/** What every server that claims to be Ollama says on the wire. Recorded from Ollama 0.9.6. */
export function ollamaContract(name: string, target: () => OllamaTarget): void {
  describe(`${name} speaks the wire format of Ollama`, () => {
    describeModels(target);
    describeEmbedding(target);
    describeChat(target);
    describeGenerate(target);
    describeRefusals(target);
  });
}

function describeModels(target: () => OllamaTarget): void {
  test('GET / and /api/version', async () => {
    const { url } = target();
    const root = await callWire(url);
    assert.deepEqual([root.status, root.text], [200, 'Ollama is running']);
    const version = await jsonOf(`${url}/api/version`);
    assertFields(version, ['version']);
    assert.match(String(version['version']), /^\d+\.\d+\.\d+/);
  });

  test('/api/tags lists models by their full names', async () => {
    const { url, embeddingModel, chatModel } = target();
    const tags = await jsonOf(`${url}/api/tags`);
    assertFields(tags, ['models']);
    const models = tags['models'] as Json[];
    for (const model of [embeddingModel, chatModel]) {
      const found = models.find((one) => one['name'] === `${model}:latest`);
      assertFields(found, ['name', 'model', 'modified_at', 'size', 'digest', 'details']);
      assert.equal(found['model'], found['name']);
      assert.match(String(found['digest']), /^[0-9a-f]{64}$/);
      assertCount(found['size']);
      assertDetails(found['details']);
    }
  });

  test('/api/show tells dimension, context length and ability', async () => {
    const { url, embeddingModel, dimension, chatModel } = target();
    const shown = await jsonOf(`${url}/api/show`, { json: { model: embeddingModel } });
    const info = shown['model_info'] as Json;
    const family = String(info['general.architecture']);
    assert.equal(info[`${family}.embedding_length`], dimension);
    assertCount(info[`${family}.context_length`]);
    assertDetails(shown['details']);
    assert.deepEqual(shown['capabilities'], ['embedding']);
    const chat = await jsonOf(`${url}/api/show`, { json: { model: chatModel } });
    assert.deepEqual(chat['capabilities'], ['completion']);
  });

  test('a model is loaded by an empty call, shown by /api/ps and unloaded by keep_alive 0', async () => {
    const { url, chatModel: model } = target();
    const loaded = await jsonOf(`${url}/api/chat`, { json: { model } });
    assertFields(loaded, [...CHAT, 'done_reason']);
    assert.deepEqual([loaded['done'], loaded['done_reason']], [true, 'load']);
    assert.deepEqual(loaded['message'], { role: 'assistant', content: '' });
    const running = await runningModel(url, model);
    assertFields(running, ['name', 'model', 'size', 'digest', 'details', 'expires_at', 'size_vram']);
    const unloaded = await jsonOf(`${url}/api/chat`, { json: { model, messages: [], keep_alive: 0 } });
    assert.equal(unloaded['done_reason'], 'unload');
    while ((await runningModel(url, model)) !== undefined);
    const again = await jsonOf(`${url}/api/generate`, { json: { model } });
    assertFields(again, ['model', 'created_at', 'response', 'done', 'done_reason']);
    assert.deepEqual([again['response'], again['done_reason']], ['', 'load']);
  });
}

async function runningModel(url: string, model: string): Promise<Json | undefined> {
  const { models } = await jsonOf(`${url}/api/ps`);
  return (models as Json[]).find((one) => one['name'] === `${model}:latest`);
}

function assertDetails(details: unknown): void {
  const names = ['parent_model', 'format', 'family', 'families', 'parameter_size', 'quantization_level'];
  assertFields(details, names);
  assert.equal(details['format'], 'gguf');
}

function describeEmbedding(target: () => OllamaTarget): void {
  const embed = async (json: Json): Promise<Json> =>
    jsonOf(`${target().url}/api/embed`, { json: { model: target().embeddingModel, ...json } });

  test('/api/embed takes a text or a list and answers with unit vectors in order', async () => {
    const { embeddingModel, dimension } = target();
    const texts = ['the kiln', 'a lamp by the river', 'the kiln'];
    const answer = await embed({ input: texts });
    assertFields(answer, ['model', 'embeddings', ...COUNTS]);
    assert.equal(answer['model'], embeddingModel);
    for (const name of COUNTS) assertCount(answer[name]);
    const vectors = answer['embeddings'] as number[][];
    assert.deepEqual(
      vectors.map((vector) => vector.length),
      texts.map(() => dimension),
    );
    for (const vector of vectors) assert.ok(Math.abs(lengthOf(vector) - 1) < 1e-3, String(lengthOf(vector)));
    const [first = [], second = [], third = []] = vectors;
    assert.ok(cosine(first, third) > 0.999);
    assert.ok(cosine(first, second) < 0.999);
    const single = (await embed({ input: texts[0] }))['embeddings'] as number[][];
    assert.equal(single.length, 1);
    assert.ok(cosine(single[0] ?? [], first) > 0.999);
  });

  test('/api/embed without input loads the model and has no vectors', async () => {
    for (const json of [{}, { input: '' }, { input: [] }]) {
      const answer = await embed(json);
      assert.deepEqual(answer, { model: target().embeddingModel, embeddings: [] });
    }
    const blank = (await embed({ input: [''] }))['embeddings'] as number[][];
    assert.equal(blank[0]?.length, target().dimension);
  });

  test('/api/embed cuts a long text, or refuses it with truncate false', async () => {
    const input = 'kiln '.repeat(3000);
    const answer = await embed({ input });
    assert.equal((answer['embeddings'] as number[][]).length, 1);
    assert.ok(Number(answer['prompt_eval_count']) < 3000);
    const json = { model: target().embeddingModel, input, truncate: false };
    const refused = await jsonOf(`${target().url}/api/embed`, { json }, 400);
    assert.deepEqual(refused, { error: 'input length exceeds maximum context length' });
  });

  test('a name has any case, and the answer repeats it as it was written', async () => {
    const model = `${target().embeddingModel.toUpperCase()}:latest`;
    assert.equal((await embed({ model, input: 'kiln' }))['model'], model);
  });

  test('a chat model embeds too', async () => {
    const answer = await embed({ model: target().chatModel, input: 'kiln' });
    assert.equal((answer['embeddings'] as number[][]).length, 1);
  });
}

function describeChat(target: () => OllamaTarget): void {
  test('/api/chat streams lines of JSON, the last with reason and counts', async () => {
    const { url, chatModel } = target();
    const json = { model: chatModel, messages: QUESTION, options: { num_predict: 3, temperature: 0 } };
    const answer = await callWire(`${url}/api/chat`, { json });
    assert.equal(answer.type, 'application/x-ndjson');
    const lines = linesOf(answer.text);
    assert.equal(lines.length, 4);
    for (const line of lines.slice(0, -1)) {
      assertFields(line, CHAT);
      assert.equal(line['done'], false);
      assert.match(String(line['created_at']), TIME);
      assertFields(line['message'], ['role', 'content']);
      assert.equal(line['message']['role'], 'assistant');
      assert.notEqual(line['message']['content'], '');
    }
    const last = lines.at(-1);
    assertFields(last, [...CHAT, 'done_reason', ...METRICS]);
    assert.deepEqual(last['message'], { role: 'assistant', content: '' });
    assert.deepEqual([last['done'], last['done_reason'], last['eval_count']], [true, 'length', 3]);
    for (const name of METRICS) assertCount(last[name]);
  });

  test('/api/chat answers at once with stream false', async () => {
    const { url, chatModel } = target();
    const json = {
      model: chatModel,
      messages: QUESTION,
      stream: false,
      options: { num_predict: 3, temperature: 0 },
    };
    const answer = await jsonOf(`${url}/api/chat`, { json });
    assertFields(answer, [...CHAT, 'done_reason', ...METRICS]);
    assertFields(answer['message'], ['role', 'content']);
    assert.notEqual(answer['message']['content'], '');
  });

  test('a client that leaves in the middle of a stream makes room for the next', async () => {
    const { url, chatModel } = target();
    const json = { model: chatModel, messages: QUESTION, options: { num_predict: 100_000 } };
    const stream = await openStream(`${url}/api/chat`, json);
    assert.match(await stream.next(), /"done":false/);
    stream.leave();
    const next = { ...json, stream: false, options: { num_predict: 1 } };
    assert.equal((await jsonOf(`${url}/api/chat`, { json: next }))['done'], true);
  });
}

function describeGenerate(target: () => OllamaTarget): void {
  test('/api/generate streams lines of JSON with the text in response', async () => {
    const { url, chatModel } = target();
    const json = { model: chatModel, prompt: 'the kiln', options: { num_predict: 2, temperature: 0 } };
    const lines = linesOf((await callWire(`${url}/api/generate`, { json })).text);
    assert.equal(lines.length, 3);
    for (const line of lines.slice(0, -1)) assertFields(line, ['model', 'created_at', 'response', 'done']);
    const last = lines.at(-1);
    assertFields(last, ['model', 'created_at', 'response', 'done', 'done_reason', 'context', ...METRICS]);
    assert.deepEqual([last['response'], last['done'], last['done_reason']], ['', true, 'length']);
  });
}

function linesOf(text: string): Json[] {
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
}

function describeRefusals(target: () => OllamaTarget): void {
  const refusals: readonly (readonly [path: string, json: Json, status: number, error: string])[] = [
    ['embed', { model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    ['embed', { input: 'x' }, 404, 'model "" not found, try pulling it first'],
    ['embed', { model: 'EMBED', input: 5 }, 400, 'invalid input type'],
    ['embed', { model: 'EMBED', input: ['a', 5] }, 400, 'invalid input type'],
    ['embed', { model: 'EMBED', input: 'x', keep_alive: 'soon' }, 400, 'time: invalid duration "soon"'],
    ['chat', { model: 'nope', messages: QUESTION }, 404, 'model "nope" not found, try pulling it first'],
    ['chat', { messages: QUESTION }, 400, 'model is required'],
    ['chat', { model: 'EMBED', messages: QUESTION }, 400, '"EMBED" does not support chat'],
    ['generate', { model: 'nope', prompt: 'x' }, 404, "model 'nope' not found"],
    ['generate', { model: 'EMBED', prompt: 'x' }, 400, '"EMBED" does not support generate'],
    ['show', { model: 'nope' }, 404, "model 'nope' not found"],
    ['show', {}, 400, 'model is required'],
  ];
  for (const [path, json, status, error] of refusals) {
    test(`/api/${path} refuses ${JSON.stringify(json)} with ${status}`, async () => {
      const { url, embeddingModel } = target();
      const model = json['model'] === 'EMBED' ? { model: embeddingModel } : {};
      const answer = await jsonOf(`${url}/api/${path}`, { json: { ...json, ...model } }, status);
      assert.deepEqual(answer, { error: error.replace('EMBED', embeddingModel) });
    });
  }

  test('a list as content, no body and half a body are refused with 400', async () => {
    const { url, chatModel } = target();
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }];
    const listed = await jsonOf(`${url}/api/chat`, { json: { model: chatModel, messages } }, 400);
    assert.match(String(listed['error']), /cannot unmarshal array into .*content of type string/);
    const none = await jsonOf(`${url}/api/embed`, { method: 'POST' }, 400);
    assert.deepEqual(none, { error: 'missing request body' });
    assertFields(await jsonOf(`${url}/api/embed`, { text: '{"model":' }, 400), ['error']);
  });

  test('an unknown path is 404, a wrong method 405, both in plain text', async () => {
    const { url } = target();
    const unknown = await callWire(`${url}/api/nope`);
    assert.deepEqual([unknown.status, unknown.text], [404, '404 page not found']);
    const wrong = await callWire(`${url}/api/embed`);
    assert.deepEqual([wrong.status, wrong.text], [405, '405 method not allowed']);
    assert.match(wrong.type, /^text\/plain/);
  });
}
