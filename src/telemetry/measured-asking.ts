import type { AnswerEvent, AskResponse } from '../core/answer/answer.ts';
import type { Asking } from '../core/answer/create-ask.ts';
import type { SearchResponse } from '../core/retrieval/search.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics, QuestionKind, QuestionOutcome } from './metrics.ts';

/** The same asking; each question is measured once, however it ends. */
export function measuredAsking(asking: Asking, metrics: Pick<Metrics, 'question'>, clock: Clock): Asking {
  const measure = async <T extends SearchResponse>(
    kind: QuestionKind,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> => {
    const began = clock.monotonic();
    const done = (outcome: QuestionOutcome, response: SearchResponse | null): void =>
      metrics.question({ kind, outcome, durationMs: clock.monotonic() - began, ...detailsOf(response) });
    try {
      const response = await work();
      done(outcomeOf(response), response);
      return response;
    } catch (error) {
      done(signal.aborted ? 'left' : 'failed', null);
      throw error;
    }
  };
  return {
    ask: async (request, signal) => measure('answer', signal, async () => asking.ask(request, signal)),
    search: async (request, signal) => measure('search', signal, async () => asking.search(request, signal)),
    askStream: (request, signal) =>
      measuredStream(asking.askStream(request, signal), { metrics, clock, signal }),
  };
}

interface StreamParts {
  readonly metrics: Pick<Metrics, 'question'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function* measuredStream(
  events: AsyncIterable<AnswerEvent>,
  { metrics, clock, signal }: StreamParts,
): AsyncGenerator<AnswerEvent> {
  const began = clock.monotonic();
  let last: AskResponse | null = null;
  let hasFailed = false;
  try {
    for await (const event of events) {
      if (event.type === 'final') last = event.data;
      yield event;
    }
  } catch (error) {
    hasFailed = !signal.aborted;
    throw error;
  } finally {
    const outcome = last === null ? (hasFailed ? 'failed' : 'left') : outcomeOf(last);
    const durationMs = clock.monotonic() - began;
    metrics.question({ kind: 'answer', outcome, durationMs, ...detailsOf(last) });
  }
}

function outcomeOf(response: SearchResponse): QuestionOutcome {
  if (response.degraded.length > 0) return 'degraded';
  return 'answer' in response && (response as AskResponse).answer.refused ? 'refused' : 'answered';
}

function detailsOf(response: SearchResponse | null) {
  const degraded = response?.degraded.map(({ component }) => component) ?? [];
  const cache = response !== null && 'cache' in response ? (response as AskResponse).cache : null;
  return { degraded, cache };
}
