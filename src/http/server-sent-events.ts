import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fromFrameworkError } from './plugins/framework-errors.ts';
import { logFailure, toProblem } from './plugins/problem-details.ts';
import type { Logger } from '../lib/logger.ts';
import { untilAborted } from '../lib/until-aborted.ts';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface EventStream {
  readonly events: AsyncIterable<ServerSentEvent>;
  /** Ends the stream with an `error` event. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Sees the first event before any header is sent. */
  readonly onFirst?: (event: ServerSentEvent) => void;
}

/** True when the client prefers a stream of events to one JSON object. */
export function acceptsEvents(request: FastifyRequest): boolean {
  return /\btext\/event-stream\b/i.test(request.headers.accept ?? '');
}

/**
 * Sends events in the format of the HTML standard (`event:` and `data:` lines, UTF-8). An error before the first
 * event is an ordinary problem response; a later one is an `error` event with the same problem details, and the
 * end of the stream.
 */
export async function sendEvents(reply: FastifyReply, stream: EventStream): Promise<FastifyReply> {
  const iterator = stream.events[Symbol.asyncIterator]();
  const first = await untilAborted(stream.signal, iterator.next());
  if (first.done !== true) stream.onFirst?.(first.value);
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store, no-transform')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(frames(reply, { iterator, first, stream }), { objectMode: false }));
}

interface Started {
  readonly iterator: AsyncIterator<ServerSentEvent>;
  readonly first: IteratorResult<ServerSentEvent>;
  readonly stream: EventStream;
}

async function* frames(reply: FastifyReply, { iterator, first, stream }: Started): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await untilAborted(stream.signal, iterator.next())) {
      yield frame(next.value);
    }
  } catch (thrown) {
    const error = fromFrameworkError(thrown, reply.request);
    logFailure(error, { reply, logger: stream.logger });
    yield frame({ event: 'error', data: toProblem(error, reply.request) });
  } finally {
    // Not awaited: work that hangs must not hold the response open.
    iterator.return?.().catch(() => undefined);
  }
}

function frame({ event, data }: ServerSentEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
