import type { LoadMaterial, LoadQuestion } from './store.ts';

/** A response as the generator sees it. */
export interface SeenResponse {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly body: string;
}

/**
 * What became of a request. Only `correct` is work done: status 200 and a citation whose quote stands in the right
 * document at the place it names. `refused` is overload, refused as promised: 503 `overloaded` as problem details with
 * `Retry-After`. `failed`: no response at all.
 */
export type Outcome = 'correct' | 'wrong' | 'refused' | 'error' | 'failed';

export interface Judgement {
  readonly outcome: Exclude<Outcome, 'failed'>;
  /** Of an answer: the parts that are missing, `component=mode`. */
  readonly degraded: readonly string[];
}

interface AnswerBody {
  readonly citations?: readonly {
    readonly document_id?: string;
    readonly quote?: string;
    readonly start?: number;
    readonly end?: number;
  }[];
  readonly degraded?: readonly { readonly component?: string; readonly mode?: string }[];
  readonly code?: string;
}

/** Judges a response to a question. Never throws: what cannot be read is not correct. */
export function judgeAnswer(
  { status, contentType, retryAfter, body }: SeenResponse,
  question: LoadQuestion,
  texts: LoadMaterial['texts'],
): Judgement {
  const parsed = parsedJson(body);
  if (status === 503) {
    const isTyped = contentType.startsWith('application/problem+json') && parsed?.code === 'overloaded';
    return { outcome: isTyped && /^[1-9]\d*$/.test(retryAfter ?? '') ? 'refused' : 'error', degraded: [] };
  }
  if (status !== 200) return { outcome: 'error', degraded: [] };
  const degraded = (parsed?.degraded ?? []).map(({ component, mode }) => `${component}=${mode}`);
  return { outcome: isCorrect(parsed, question, texts) ? 'correct' : 'wrong', degraded };
}

/** Every quote stands where it says, and one of them in the right document. */
function isCorrect(
  body: AnswerBody | null,
  { documentId }: LoadQuestion,
  texts: LoadMaterial['texts'],
): boolean {
  const citations = body?.citations ?? [];
  const isExact = citations.every(
    ({ document_id: id = '', quote = '', start, end }) =>
      quote !== '' && texts[id]?.slice(start, end) === quote,
  );
  return isExact && citations.some(({ document_id: id }) => id === documentId);
}

function parsedJson(body: string): AnswerBody | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
