import { once } from 'node:events';
import { cut, pause, silence, WireError, type Call } from './call.ts';
import type { Counters } from './counters.ts';
import type { Knobs } from './knobs.ts';

/** How a wire format writes a stream. */
export interface StreamFormat {
  readonly type: string;
  /** What comes before the first token. */
  readonly first: string;
  token(text: string): string;
  /** What comes after the last token. */
  last(reason: 'stop' | 'length'): string;
  error(text: string): string;
}

/** What is said, piece by piece. */
export interface Speech {
  readonly tokens: readonly string[];
  readonly reason: 'stop' | 'length';
}

/** The pieces of an answer: each word with the white space before it, up to `limit`; padded to `answerBytes`. */
export function speechOf(text: string, limit: number, { answerBytes }: Knobs): Speech {
  const words: string[] = text.match(/\s*\S+/g) ?? [];
  if (answerBytes !== null) {
    const filler = ` ${'word '.repeat(200).trimEnd()}`;
    for (let size = text.length; size < answerBytes; size += filler.length) words.push(filler);
  }
  return words.length > limit && answerBytes === null
    ? { tokens: words.slice(0, limit), reason: 'length' }
    : { tokens: words, reason: 'stop' };
}

/** Streams the tokens in their time, or breaks off as the knobs say. */
export async function streamSpeech(
  call: Call,
  speech: Speech,
  { format, counters }: { readonly format: StreamFormat; readonly counters: Counters },
): Promise<void> {
  const { response, signal } = call;
  const write = async (text: string): Promise<void> => {
    if (text !== '' && !response.write(text)) await once(response, 'drain', { signal });
  };
  response.setHeader('content-type', format.type);
  try {
    let isFirst = true;
    for await (const token of paced(call, speech.tokens)) {
      if (isFirst) await write(format.first);
      isFirst = false;
      await write(format.token(token));
      counters.add('tokens');
    }
    if (isFirst) await write(format.first);
    response.end(format.last(speech.reason));
  } catch (error) {
    if (!(error instanceof StreamBreak)) throw error;
    response.flushHeaders();
    await breakStream(call, error.how, format);
  }
}

/** Resolves to the whole text after the time that the stream would take, or breaks off as the knobs say. */
export async function wholeSpeech(
  call: Call,
  { tokens }: Speech,
  counters: Counters,
): Promise<string | null> {
  try {
    let text = '';
    for await (const token of paced(call, tokens)) {
      text += token;
      counters.add('tokens');
    }
    return text;
  } catch (error) {
    if (!(error instanceof StreamBreak)) throw error;
    if (error.how === 'stall') return silence(call.signal);
    if (error.how === 'error') throw new WireError(500, BREAK_MESSAGE);
    if (error.how === 'garbage' || error.how === 'end') call.response.end(error.how === 'end' ? '' : GARBAGE);
    else cut(call, error.how);
    return null;
  }
}

const BREAK_MESSAGE = 'an error was encountered while running the model: unexpected EOF';
const GARBAGE = '\u0000\uFFFD}{"half":\n\n';

class StreamBreak extends Error {
  readonly how: Knobs['breakWith'];

  constructor(how: Knobs['breakWith']) {
    super(how);
    this.how = how;
  }
}

async function* paced({ knobs, signal }: Call, tokens: readonly string[]): AsyncGenerator<string> {
  await pause(knobs.timeToFirstTokenMs, signal);
  let written = 0;
  for (const token of tokens) {
    if (written === knobs.breakAfterTokens) throw new StreamBreak(knobs.breakWith);
    if (written > 0) await pause(knobs.tokenIntervalMs, signal);
    yield token;
    written++;
  }
  if (knobs.breakAfterTokens !== null) throw new StreamBreak(knobs.breakWith);
}

async function breakStream(call: Call, how: Knobs['breakWith'], format: StreamFormat): Promise<void> {
  const { response, signal } = call;
  if (how === 'stall') await silence(signal);
  else if (how === 'error') response.end(format.error(BREAK_MESSAGE));
  else if (how === 'garbage') response.end(GARBAGE);
  else if (how === 'end') response.end();
  else cut(call, how);
}
