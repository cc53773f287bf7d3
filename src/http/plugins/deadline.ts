import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalid, shown } from '../contract/parse.ts';
import type { InFlight } from './in-flight.ts';

const DEADLINE_HEADER = 'x-request-deadline-ms';
const MAX_DEADLINE_MS = 60_000;

/** A request's deadline. Disposed when the response is over. */
export interface RequestDeadline extends Disposable {
  /** Aborts with `deadline_exceeded` when the time is up, and with the parent. */
  readonly signal: AbortSignal;
}

/** Starts the clock of a request: milliseconds from now, and what ends its work before. */
export type StartDeadline = (afterMs: number, parent: AbortSignal) => RequestDeadline;

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
export function createSignalFor(inFlight: InFlight, startDeadline: StartDeadline): SignalFor {
  return (request, reply, defaultMs) => {
    const deadlineMs = readDeadline(request) ?? defaultMs;
    const controller = new AbortController();
    const untrack = inFlight.track(controller);
    const deadline = deadlineMs === null ? null : startDeadline(deadlineMs, controller.signal);
    reply.raw.once('close', () => {
      untrack();
      if (!reply.raw.writableFinished)
        controller.abort(new DOMException('The client went away', 'AbortError'));
      deadline?.[Symbol.dispose]();
    });
    return deadline?.signal ?? controller.signal;
  };
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
