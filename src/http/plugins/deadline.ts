import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import { invalid, shown } from '../contract/parse.ts';
import type { InFlight } from './in-flight.ts';

const DEADLINE_HEADER = 'x-request-deadline-ms';
const MAX_DEADLINE_MS = 60_000;
/** Gives a request's work its signal. `defaultMs` null: no deadline unless the client sends one. */
export type SignalFor = (
  request: FastifyRequest,
  reply: FastifyReply,
  defaultMs: number | null,
) => AbortSignal;

/**
 * Signals abort at the deadline (`X-Request-Deadline-Ms`, at most 60 s), when the client goes away, and when the
 * server stops waiting during a drain. The reason is a HoldfastError unless nobody is there to read it.
 */
export function createSignalFor(inFlight: InFlight): SignalFor {
  return (request, reply, defaultMs) => {
    const deadlineMs = readDeadline(request) ?? defaultMs;
    const controller = new AbortController();
    const untrack = inFlight.track(controller);
    const timer = deadlineMs === null ? undefined : setTimeout(expire, deadlineMs, controller, deadlineMs);
    reply.raw.once('close', () => {
      clearTimeout(timer);
      untrack();
      if (!reply.raw.writableFinished)
        controller.abort(new DOMException('The client went away', 'AbortError'));
    });
    return controller.signal;
  };
}

/**
 * The promise's result, or a rejection with the signal's reason as soon as it aborts, also when the work does not
 * listen to its signal.
 */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function expire(controller: AbortController, deadlineMs: number): void {
  controller.abort(new HoldfastError('deadline_exceeded', `No result within ${deadlineMs} ms`));
}

function readDeadline(request: FastifyRequest): number | null {
  const sent = request.headers[DEADLINE_HEADER];
  if (sent === undefined) return null;
  if (typeof sent !== 'string' || !/^[1-9]\d{0,8}$/.test(sent)) {
    throw invalid([
      { name: DEADLINE_HEADER, detail: `Expected whole milliseconds from 1, got ${shown(sent)}` },
    ]);
  }
  return Math.min(Number(sent), MAX_DEADLINE_MS);
}
