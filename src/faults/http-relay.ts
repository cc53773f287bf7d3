import {
  Agent as HttpAgent,
  createServer,
  request as requestHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ActiveToxic, HttpToxic } from './toxics.ts';

/** What a relay needs of its proxy. */
export interface RelayHost {
  /** `http:` or `https:` with host and port. */
  readonly upstream: URL;
  readonly random: () => number;
  httpToxics(): readonly HttpToxic[];
  injected(toxic: ActiveToxic): void;
}

/** Headers of one hop only (RFC 9110, 7.6.1). */
const OF_ONE_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * A reverse proxy for HTTP that spoils answers. It does not listen: connections are given to it by the event
 * `connection`. Bodies stream both ways; what breaks on one side breaks on the other.
 */
export function createHttpRelay(host: RelayHost): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    const toxics = host.httpToxics().filter((toxic) => host.random() < toxic.toxicity);
    for (const toxic of toxics) host.injected(toxic);
    const status = toxics.find((toxic) => toxic.type === 'http_status');
    if (status === undefined) relay({ host, toxics, request, response });
    else answer(status, request, response);
  });
  server.timeout = 0;
  server.keepAliveTimeout = 0;
  return server;
}

function answer(
  { status, body = '', headers = {} }: HttpToxic & { readonly type: 'http_status' },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

interface Relayed {
  readonly host: RelayHost;
  readonly toxics: readonly HttpToxic[];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function relay({ host, toxics, request, response }: Relayed): void {
  const { upstream } = host;
  const bodies = toxics.filter((toxic) => toxic.type === 'http_body');
  const headers: OutgoingHttpHeaders = { ...withoutHop(request.headers), host: upstream.host };
  if (bodies.length > 0) headers['accept-encoding'] = 'identity';
  const send = upstream.protocol === 'https:' ? requestHttps : requestHttp;
  const target = { ...placeOf(upstream), method: request.method, path: request.url };
  const sent = send({ ...target, headers, agent: agentOf(request, upstream) }, (received) => {
    const changed = changedHeaders(received.headers, toxics);
    if (bodies.length > 0) delete changed['content-length'];
    response.writeHead(received.statusCode ?? 502, changed);
    response.flushHeaders();
    received.once('error', (error) => response.destroy(error));
    passBody(received, response, bodies);
  });
  // A server that cannot be reached is seen as a connection that breaks, as without HTTP.
  sent.once('error', (error) => response.destroy(error));
  response.once('close', () => sent.destroy());
  request.pipe(sent);
}

const agents = new WeakMap<Duplex, HttpAgent>();

/** One connection to the server for each of the client, kept as long. */
function agentOf({ socket }: IncomingMessage, { protocol }: URL): HttpAgent {
  const known = agents.get(socket);
  if (known !== undefined) return known;
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  agents.set(socket, agent);
  socket.once('close', () => agent.destroy());
  return agent;
}

function placeOf({ hostname, port }: URL): { readonly host: string; readonly port: string | null } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? null : port };
}

function withoutHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_HOP.has(name)));
}

function changedHeaders(headers: IncomingHttpHeaders, toxics: readonly HttpToxic[]): OutgoingHttpHeaders {
  const changed = withoutHop(headers);
  for (const toxic of toxics) {
    if (toxic.type !== 'http_headers') continue;
    for (const [name, value] of Object.entries(toxic.headers)) {
      if (value === null) delete changed[name.toLowerCase()];
      else changed[name.toLowerCase()] = value;
    }
  }
  return changed;
}

function passBody(
  received: IncomingMessage,
  response: ServerResponse,
  bodies: readonly (HttpToxic & { readonly type: 'http_body' })[],
): void {
  const textOf = (mode: 'replace' | 'prepend' | 'append'): string =>
    bodies.map((toxic) => (toxic.mode === mode ? toxic.text : '')).join('');
  const prefix = textOf('prepend');
  if (prefix !== '') response.write(prefix);
  if (bodies.some(({ mode }) => mode === 'replace')) {
    received.resume();
    received.once('end', () => response.end(textOf('replace') + textOf('append')));
    return;
  }
  received.once('end', () => response.end(textOf('append')));
  received.pipe(response, { end: false });
}
