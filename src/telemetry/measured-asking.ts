import type { AnswerEvent, AskResponse } from '../core/answer/answer.ts';
import type { Asking } from '../core/answer/create-ask.ts';
import { HoldfastError } from '../core/errors.ts';
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
      done(outcomeOfEnd(error, signal), null);
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
  let failure: unknown = null;
  try {
    for await (const event of events) {
      if (event.type === 'final') last = event.data;
      yield event;
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    const outcome = last === null ? outcomeOfEnd(failure, signal) : outcomeOf(last);
    const durationMs = clock.monotonic() - began;
    metrics.question({ kind: 'answer', outcome, durationMs, ...detailsOf(last) });
  }
}

/** Of a question without a response; the error is null when its reader stopped reading. */
function outcomeOfEnd(error: unknown, signal: AbortSignal): QuestionOutcome {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (!(reason instanceof HoldfastError)) return signal.aborted || error === null ? 'left' : 'failed';
  if (reason.code === 'deadline_exceeded') return 'timed_out';
  return reason.code === 'overloaded' ? 'overloaded' : 'failed';
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
