import { sendJson, WireError, type Call } from './call.ts';
import type { ChatMessage } from './composed-answer.ts';
import { fieldsOf, limitOf, nanoseconds, textOf } from './fields.ts';
import { tokensOf } from './hashed-embedding.ts';
import type { Ollama } from './ollama-state.ts';
import { cannotUnmarshal, findModel, goTime, isKeptAlive, nameOf } from './ollama-models.ts';
import { speechOf, streamSpeech, wholeSpeech, type Speech } from './token-stream.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What differs between `/api/chat` and `/api/generate`. */
interface Route {
  readonly name: 'chat' | 'generate';
  readonly messages: readonly ChatMessage[];
  /** The fields that hold a piece of text. */
  piece(text: string): Fields;
  /** Fields of the last message only. */
  readonly ending: Fields;
}

/** `POST /api/chat`. Without messages it loads the model. */
export async function ollamaChat(ollama: Ollama, call: Call): Promise<void> {
  const list = fieldsOf(call.body)['messages'];
  const messages = (Array.isArray(list) ? list : []).map((message: unknown) => ({
    role: textOf(fieldsOf(message)['role']),
    content: plainText(fieldsOf(message)['content']),
  }));
  await speak(ollama, call, { name: 'chat', messages, piece: messagePiece, ending: {} });
}

function plainText(content: unknown): string {
  if (content === undefined || content === null || typeof content === 'string') return content ?? '';
  throw cannotUnmarshal(content, 'ChatRequest.messages.content');
}

function messagePiece(content: string): Fields {
  return { message: { role: 'assistant', content } };
}

/** `POST /api/generate`. Without a prompt it loads the model. */
export async function ollamaGenerate(ollama: Ollama, call: Call): Promise<void> {
  const body = fieldsOf(call.body);
  const prompt = textOf(body['prompt']);
  const messages = prompt === '' ? [] : [{ role: 'user', content: prompt }];
  const ending = body['raw'] === true ? {} : { context: [1, 2, 3] };
  await speak(ollama, call, { name: 'generate', messages, piece: (response) => ({ response }), ending });
}

async function speak(ollama: Ollama, call: Call, route: Route): Promise<void> {
  const began = performance.now();
  const body = fieldsOf(call.body);
  const name = nameOf(body['model'], route.name === 'chat' ? 'ChatRequest' : 'GenerateRequest');
  const isKept = isKeptAlive(body['keep_alive']);
  const model = modelFor(ollama, name, route);
  const isEmpty = route.messages.length === 0;
  const loadMs = isEmpty && !isKept ? 0 : await ollama.shelf.load(model, call);
  if (!isKept) ollama.shelf.unload(model);
  if (isEmpty) return sendJson(call, 200, withoutText(name, route, isKept ? 'load' : 'unload'));
  const answer = typeof ollama.answer === 'string' ? ollama.answer : ollama.answer(route.messages);
  const limit = limitOf(fieldsOf(body['options'])['num_predict']);
  const speech = speechOf(answer, limit, call.knobs);
  const last = (): Fields => ({
    ...route.ending,
    total_duration: nanoseconds(performance.now() - began),
    load_duration: nanoseconds(loadMs),
    prompt_eval_count: route.messages.reduce((sum, { content }) => sum + tokensOf(content).length, 1),
    prompt_eval_duration: nanoseconds(call.knobs.timeToFirstTokenMs),
    eval_count: Math.max(1, speech.tokens.length),
    eval_duration: nanoseconds(call.knobs.tokenIntervalMs * speech.tokens.length),
  });
  const reply = { name, route, speech, last };
  await (body['stream'] === false ? sendWhole(ollama, call, reply) : sendStream(ollama, call, reply));
}

function modelFor(ollama: Ollama, name: string, route: Route) {
  if (name === '' && route.name === 'chat') throw new WireError(400, 'model is required');
  if (route.name === 'generate' && ollama.shelf.find(name) === undefined)
    throw new WireError(404, `model '${name}' not found`);
  const model = findModel(ollama, name);
  if (model.ability === 'embedding') throw new WireError(400, `"${name}" does not support ${route.name}`);
  return model;
}

function withoutText(model: string, route: Route, done_reason: 'load' | 'unload'): Fields {
  return { model, created_at: goTime(), ...route.piece(''), done_reason, done: true };
}

interface Reply {
  readonly name: string;
  readonly route: Route;
  readonly speech: Speech;
  last(): Fields;
}

async function sendStream(ollama: Ollama, call: Call, { name, route, speech, last }: Reply): Promise<void> {
  const line = (fields: Fields): string =>
    `${JSON.stringify({ model: name, created_at: goTime(), ...fields })}\n`;
  await streamSpeech(call, speech, {
    counters: ollama.counters,
    format: {
      type: 'application/x-ndjson',
      first: '',
      token: (text) => line({ ...route.piece(text), done: false }),
      last: (reason) => line({ ...route.piece(''), done_reason: reason, done: true, ...last() }),
      error: (error) => `${JSON.stringify({ error })}\n`,
    },
  });
}

async function sendWhole(ollama: Ollama, call: Call, { name, route, speech, last }: Reply): Promise<void> {
  const text = await wholeSpeech(call, speech, ollama.counters);
  if (text === null) return;
  const head = { model: name, created_at: goTime(), ...route.piece(text) };
  sendJson(call, 200, { ...head, done_reason: speech.reason, done: true, ...last() });
}
