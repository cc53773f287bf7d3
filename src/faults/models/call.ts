import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { resetSocket } from '../reset-socket.ts';
import type { CallKind, Knobs } from './knobs.ts';

/** One call to a stand-in on its way. */
export interface Call {
  readonly kind: CallKind;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** The knobs that apply to this call: all faults are off when it was spared. */
  readonly knobs: Knobs;
  /** Aborted when the client goes away or the stand-in closes. */
  readonly signal: AbortSignal;
}

/** The body of an error in the wire format of the server. */
export type ErrorBody = (status: number, message: string) => unknown;

/** An error answer that a handler throws. `body` overrides the format's own. */
export class WireError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, message: string, body?: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Resolves after so many milliseconds; at once for zero. Rejects when the call is given up. */
export async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  if (timeMs > 0) await after(timeMs, undefined, { signal });
  else signal.throwIfAborted();
}

/** Never resolves; rejects when the call is given up. */
export async function silence(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return promise;
}

/** Sends JSON with a `Content-Length`. */
export function sendJson({ response, knobs, kind }: Call, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  const padding = kind === 'chat' ? 0 : Math.max(0, (knobs.answerBytes ?? 0) - Buffer.byteLength(text));
  sendText(response, { status, type: 'application/json; charset=utf-8', text: text + ' '.repeat(padding) });
}

interface Text {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export function sendText(response: ServerResponse, { status, type, text }: Text): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const cutResponses = new WeakSet<ServerResponse>();

/** Ends the connection as a fault, which does not count as an abort by the client. */
export function cut({ response }: Call, how: 'close' | 'reset'): void {
  cutResponses.add(response);
  if (how === 'reset' && response.socket !== null) resetSocket(response.socket);
  else response.destroy();
}

export function wasCut(response: ServerResponse): boolean {
  return cutResponses.has(response);
}
