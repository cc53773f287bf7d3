import { wordsOf } from './hashed-embedding.ts';

/** One message of a chat, as both wire formats have it. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** What a stand-in says: always the same text, or one made from the messages. */
export type Answer = string | ((messages: readonly ChatMessage[]) => string);

const MARKED = /^\s*(?:\[(\d+)\]|<\w+\b[^>]*?["'](\d+)["'][^>]*>)/gm;
const UNKNOWN = 'The passages do not say.';

/**
 * Answers as a well-behaved model would: for the two numbered passages of the prompt (`[1] ...` or `<passage id="1">...`)
 * that share the most words with the last message, their best sentence with its marker. Without such passages it says
 * that they do not say.
 */
export function composedAnswer(messages: readonly ChatMessage[]): string {
  const asked = new Set(wordsOf(questionOf(messages)));
  const passages = new Map(messages.flatMap(({ content }) => passagesOf(content)));
  const sentences = [...passages]
    .map(([marker, text]) => bestSentence(marker, text, asked))
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared || a.marker - b.marker)
    .slice(0, 2);
  if (sentences.length === 0) return UNKNOWN;
  return sentences.map(({ sentence, marker }) => `${sentence.replace(/[.!?]*$/, '')} [${marker}].`).join(' ');
}

/** What follows the last `Question:` of the last message, or its last line. */
function questionOf(messages: readonly ChatMessage[]): string {
  const last = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const labelled = last.split(/question\s*:/i);
  if (labelled.length > 1) return labelled.at(-1) ?? '';
  return last.trim().split('\n').at(-1) ?? '';
}

function passagesOf(content: string): [marker: number, text: string][] {
  const marks = [...content.matchAll(MARKED)];
  return marks.map((mark, index) => {
    const rest = content.slice(mark.index + mark[0].length, marks[index + 1]?.index);
    const [text = ''] = rest.split(/<\/\w+>|\n\s*question\s*:/i);
    return [Number(mark[1] ?? mark[2]), text];
  });
}

interface Sentence {
  readonly marker: number;
  readonly sentence: string;
  readonly shared: number;
}

function bestSentence(marker: number, text: string, asked: ReadonlySet<string>): Sentence {
  let best = { marker, sentence: '', shared: 0 };
  for (const part of text.split(/(?<=[.!?])\s+|\n+/)) {
    const sentence = part.trim();
    const shared = new Set(wordsOf(sentence).filter((word) => asked.has(word))).size;
    if (shared > best.shared) best = { marker, sentence, shared };
  }
  return best;
}
