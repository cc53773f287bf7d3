import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { createMutex } from '../lib/mutex.ts';
import { connect } from './connection.ts';
import { createHttpRelay } from './http-relay.ts';
import { closeServer, listenOn } from './listen.ts';
import {
  countInjected,
  countsOf,
  createChoice,
  createProxyState,
  type ProxyCounts,
  type ProxyState,
} from './proxy-state.ts';
import { activeToxic, checkToxic, isHttpToxic, type ActiveToxic, type Toxic } from './toxics.ts';

/** How a fault proxy is made. */
export interface FaultProxyOptions {
  /** `host:port`, or with `protocol: 'http'` also `http://host:port` or `https://host:port`. */
  readonly upstream: string;
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** @default 0, a free port */
  readonly port?: number;
  /** `http` reads requests and answers, so that toxics can change them; `Host` becomes the upstream's. @default tcp */
  readonly protocol?: 'tcp' | 'http';
  readonly toxics?: readonly Toxic[];
  /** For toxicity, jitter and corrupted bytes. @default Math.random */
  readonly random?: () => number;
}

/** A TCP or HTTP proxy that does what networks and servers do on bad days. */
export interface FaultProxy extends AsyncDisposable {
  /** `host:port`; stays the same while the proxy is down. */
  readonly address: string;
  /** `http://` and the address. */
  readonly url: string;
  readonly upstream: string;
  readonly protocol: 'tcp' | 'http';
  /**
   * Adds a toxic, or replaces the one with its id, for live connections too. Resolves to the id when it works.
   * @throws RangeError for a toxic that does not exist or does not fit the protocol.
   */
  add(toxic: Toxic): Promise<string>;
  /** Resolves to false when there is none. */
  remove(id: string): Promise<boolean>;
  /** Removes all toxics. */
  clear(): Promise<void>;
  toxics(): readonly ActiveToxic[];
  /** Live ones. */
  connections(): number;
  counts(): ProxyCounts;
}

/** Starts a fault proxy. It listens when the promise resolves, unless a toxic has it down. */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { protocol = 'tcp', random = Math.random, host = '127.0.0.1' } = options;
  const upstream = upstreamOf(options.upstream, protocol);
  const admit = (toxic: Toxic): ActiveToxic => admitted(toxic, protocol);
  const state = createProxyState(random, (options.toxics ?? []).map(admit));
  const dial = protocol === 'http' ? httpDial(upstream, state) : tcpDial(upstream);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accept(client, dial, state);
  });
  const address = await listenOn(server, { host, port: options.port ?? 0 });
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const inTurn = createMutex();
  const change = async (edit: () => void): Promise<void> =>
    inTurn.run(async () => {
      edit();
      for (const connection of state.open) connection.toxicsChanged();
      await follow(server, state, { host, port });
    });
  await change(() => undefined);
  return {
    address,
    url: `http://${address}`,
    upstream: options.upstream,
    protocol,
    async add(toxic) {
      const active = admit(toxic);
      await change(() => void state.toxics.set(active.id, active));
      return active.id;
    },
    async remove(id) {
      const isThere = state.toxics.has(id);
      if (isThere) await change(() => void state.toxics.delete(id));
      return isThere;
    },
    clear: async () => change(() => state.toxics.clear()),
    toxics: () => [...state.toxics.values()],
    connections: () => state.open.size,
    counts: () => countsOf(state),
    [Symbol.asyncDispose]: async () => inTurn.run(async () => stop(server, state)),
  };
}

function admitted(toxic: Toxic, protocol: 'tcp' | 'http'): ActiveToxic {
  const active = activeToxic(checkToxic({ ...toxic }));
  if (protocol === 'tcp' && isHttpToxic(active))
    throw new RangeError(`the toxic ${active.type} needs a proxy with the protocol http`);
  return active;
}

/** Opens the way to the server. */
type Dial = () => Duplex;

function tcpDial({ hostname, port }: URL): Dial {
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  return () => connectTcp({ ...place, allowHalfOpen: true, noDelay: true });
}

function httpDial(upstream: URL, state: ProxyState): Dial {
  const relay = createHttpRelay({
    upstream,
    random: state.random,
    httpToxics: () => [...state.toxics.values()].filter(isHttpToxic),
    injected: (toxic) => countInjected(state, toxic),
  });
  return () => {
    const [near, far] = duplexPair();
    far.once('close', () => near.destroy(far.errored ?? undefined));
    relay.emit('connection', far);
    return near;
  };
}

function accept(client: Socket, dial: Dial, state: ProxyState): void {
  state.accepted++;
  const isChosen = createChoice(state);
  const toxics = (): readonly ActiveToxic[] => [...state.toxics.values()];
  if (toxics().some((toxic) => toxic.type === 'down' && isChosen(toxic))) {
    client.destroy();
    return;
  }
  const connection = connect(client, dial(), {
    random: state.random,
    toxics,
    isChosen,
    passed: (direction, bytes) => void (state.bytes[direction] += bytes),
    ended: (ended) => void state.open.delete(ended),
  });
  state.open.add(connection);
}

/** Listens, or does not, as the toxics want. */
async function follow(
  server: Server,
  state: ProxyState,
  place: { host: string; port: number },
): Promise<void> {
  const isDown = [...state.toxics.values()].some(
    (toxic) => toxic.type === 'down' && toxic.mode !== 'close' && toxic.toxicity === 1,
  );
  if (isDown) await stop(server, state);
  else if (!server.listening) await listenOn(server, place);
}

async function stop(server: Server, state: ProxyState): Promise<void> {
  const closed = closeServer(server);
  for (const connection of state.open) connection.close(true);
  await closed;
}

function upstreamOf(text: string, protocol: 'tcp' | 'http'): URL {
  const url = URL.parse(text.includes('://') ? text : `${protocol}://${text}`);
  const schemes = protocol === 'http' ? ['http:', 'https:'] : ['tcp:'];
  if (url === null || !schemes.includes(url.protocol) || (protocol === 'tcp' && url.port === ''))
    throw new RangeError(`"${text}" is no address that a ${protocol} proxy can lead to; use host:port`);
  return url;
}
