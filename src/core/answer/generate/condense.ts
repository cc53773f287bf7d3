import type { Generator, Message } from '../../models/generator.ts';
import { contained } from './contained.ts';

const INSTRUCTIONS =
  'Rewrite the last question so that it can be understood without the conversation. Keep its language. Write only the question.';

const MAX_TURNS = 6;
const MAX_CHARS = 500;

/**
 * A follow-up question as one that stands alone. Without a usable rewrite, the question before is put in front,
 * so that the search at least knows the subject.
 */
export async function condense(
  question: string,
  history: readonly Message[],
  { generator, signal }: { readonly generator: Generator | null; readonly signal: AbortSignal },
): Promise<string> {
  const asked = history.findLast(({ role }) => role === 'user')?.content;
  if (asked === undefined) return question;
  const fallback = `${asked.slice(0, MAX_CHARS)} ${question}`;
  if (generator === null) return fallback;
  try {
    const rewritten = await rewrite(generator, { question, history, signal });
    return rewritten === '' || rewritten.length > MAX_CHARS ? fallback : rewritten;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return fallback;
    throw error;
  }
}

interface Rewrite {
  readonly question: string;
  readonly history: readonly Message[];
  readonly signal: AbortSignal;
}

async function rewrite(generator: Generator, { question, history, signal }: Rewrite): Promise<string> {
  const turns = history
    .slice(-MAX_TURNS)
    .map(({ role, content }) => `${role}: ${contained(content.slice(0, MAX_CHARS))}`);
  const messages: Message[] = [
    { role: 'system', content: INSTRUCTIONS },
    { role: 'user', content: `${turns.join('\n')}\n\nLast question: ${contained(question)}` },
  ];
  let text = '';
  for await (const piece of generator.generate({ messages, maxOutputTokens: 120, temperature: 0 }, signal))
    text += piece;
  return text.trim().replace(/^["“]|["”]$/g, '');
}
