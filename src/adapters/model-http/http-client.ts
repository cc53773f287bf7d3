import {
  Agent,
  globalAgent,
  request as requestHttp,
  type AgentOptions,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, globalAgent as httpsGlobalAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import type { HttpAnswer } from './http-answer.ts';

/** One call: `POST` when it has a body, else `GET`. */
export interface HttpCall {
  /** Put behind the path of the server's address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** @throws the reason of the signal, or an error with a `code` of Node. */
export type HttpClient = (call: HttpCall) => Promise<HttpAnswer>;

/** Shorter than the 5 s of common servers, so that no call goes out on a connection that is being closed. */
const IDLE_MS = 4000;
/** To look up the name, connect and agree on TLS. */
const CONNECT_MS = 10_000;

/**
 * Calls one server with `node:http`, for two fifths of the processor time that `fetch` takes. Follows no redirect and
 * decodes nothing. An abort closes the connection at once, also in the middle of a body; without one a call waits for
 * ever once it is connected. Connections are kept for the next call. The options of Node's own agents hold here too,
 * such as proxies with NODE_USE_ENV_PROXY.
 */
export function httpClient(address: string): HttpClient {
  const url = new URL(address);
  const isSecure = url.protocol === 'https:';
  const agent = isSecure
    ? new HttpsAgent({ ...httpsGlobalAgent.options, timeout: IDLE_MS })
    : new Agent({ ...(globalAgent as WithOptions).options, timeout: IDLE_MS });
  const target = {
    ...urlToHttpOptions(url),
    agent,
    send: isSecure ? requestHttps : requestHttp,
    base: url.pathname.replace(/\/+$/, ''),
  };
  return async (call) => {
    if (keepsConnection(agent)) await noticeClosed();
    return answerOf(await send(target, call));
  };
}

function keepsConnection({ freeSockets }: Agent): boolean {
  for (const _ in freeSockets) return true;
  return false;
}

/** What the server did to kept connections while other work ran is read between two turns of the event loop. */
async function noticeClosed(): Promise<void> {
  await turn();
  await turn();
}

/** The types of Node have it for HTTPS only. */
type WithOptions = Agent & { readonly options: AgentOptions };

type Target = ReturnType<typeof urlToHttpOptions> & {
  readonly agent: Agent;
  readonly send: typeof requestHttp;
  readonly base: string;
};

function send({ send, base, ...options }: Target, call: HttpCall): Promise<IncomingMessage> {
  const { path, headers, body, signal } = call;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let response: IncomingMessage | null = null;
    const method = body === undefined ? 'GET' : 'POST';
    const request = send({ ...options, method, path: `${base}${path}`, headers });
    const onAbort = (): void => {
      (response ?? request).destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    request.on('socket', (socket) => limitConnecting(socket));
    request.on('response', (begun) => resolve((response = begun)));
    request.on('error', (error) => (response === null ? reject(error) : response.destroy(error)));
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('it switches to another protocol'));
    });
    request.on('close', () => signal.removeEventListener('abort', onAbort));
    request.end(body);
  });
}

/** For a new connection only. */
function limitConnecting(socket: Socket): void {
  if (!socket.connecting) return;
  const tooLate = (): void => {
    socket.destroy(Object.assign(new Error(`not connected within ${CONNECT_MS} ms`), { code: 'ETIMEDOUT' }));
  };
  const timer = setTimeout(tooLate, CONNECT_MS);
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
}

function answerOf(response: IncomingMessage): HttpAnswer {
  const { statusCode = 0, headers } = response;
  return {
    status: statusCode,
    header: (name) => {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
    body: response,
  };
}
