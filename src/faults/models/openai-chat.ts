import { sendJson, type Call } from './call.ts';
import type { ChatMessage } from './composed-answer.ts';
import { contentOf, fieldsOf, limitOf, textOf } from './fields.ts';
import { tokensOf } from './hashed-embedding.ts';
import { badParameter, findModel, openAiError, type OpenAi } from './openai-state.ts';
import { speechOf, streamSpeech, wholeSpeech, type Speech } from './token-stream.ts';

/** `POST /v1/chat/completions`, streaming and not. */
export async function openAiChat(openai: OpenAi, call: Call): Promise<void> {
  const body = fieldsOf(call.body);
  const model = findModel(openai, body['model']);
  if (model.ability === 'embedding')
    throw badParameter(
      'model',
      'This is not a chat model and thus not supported in the v1/chat/completions endpoint.',
    );
  const messages = messagesOf(body['messages']);
  await openai.shelf.load(model, call);
  const text = typeof openai.answer === 'string' ? openai.answer : openai.answer(messages);
  const speech = speechOf(text, limitOf(body['max_completion_tokens'] ?? body['max_tokens']), call.knobs);
  const prompt = messages.reduce((sum, { content }) => sum + tokensOf(content).length, 0);
  const completion = speech.tokens.length;
  const reply = {
    model: model.name,
    speech,
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    isUsageWanted: fieldsOf(body['stream_options'])['include_usage'] === true,
  };
  await (body['stream'] === true ? sendStream(openai, call, reply) : sendWhole(openai, call, reply));
}

function messagesOf(list: unknown): readonly ChatMessage[] {
  if (!Array.isArray(list) || list.length === 0)
    throw badParameter(
      'messages',
      "Invalid 'messages': empty array. Expected an array with minimum length 1.",
    );
  return list.map((message: unknown) => ({
    role: textOf(fieldsOf(message)['role']),
    content: contentOf(fieldsOf(message)['content']),
  }));
}

interface Reply {
  readonly model: string;
  readonly speech: Speech;
  readonly usage: Readonly<Record<string, number>>;
  readonly isUsageWanted: boolean;
}

let answers = 0;

async function sendStream(openai: OpenAi, call: Call, reply: Reply): Promise<void> {
  const { model, speech, usage, isUsageWanted } = reply;
  const head = { ...headOf(model), object: 'chat.completion.chunk' };
  const event = (fields: Readonly<Record<string, unknown>>): string =>
    `data: ${JSON.stringify({ ...head, ...fields, ...(isUsageWanted && fields['usage'] === undefined ? { usage: null } : {}) })}\n\n`;
  const choice = (delta: Readonly<Record<string, string>>, reason: string | null = null): string =>
    event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] });
  await streamSpeech(call, speech, {
    counters: openai.counters,
    format: {
      type: 'text/event-stream; charset=utf-8',
      first: choice({ role: 'assistant', content: '' }),
      token: (content) => choice({ content }),
      last: (reason) =>
        `${choice({}, reason)}${isUsageWanted ? event({ choices: [], usage }) : ''}data: [DONE]\n\n`,
      error: (text) => `data: ${JSON.stringify(openAiError(500, text))}\n\n`,
    },
  });
}

async function sendWhole(openai: OpenAi, call: Call, { model, speech, usage }: Reply): Promise<void> {
  const content = await wholeSpeech(call, speech, openai.counters);
  if (content === null) return;
  const message = { role: 'assistant', content, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: speech.reason }];
  sendJson(call, 200, { ...headOf(model), object: 'chat.completion', choices, usage });
}

function headOf(model: string): Readonly<Record<string, unknown>> {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${++answers}`, created, model, system_fingerprint: null };
}
