import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeServer, listenOn } from './listen.ts';
import { proxyMetrics } from './metrics.ts';
import { fromWire, inWireNames, isFields, toWire } from './names.ts';
import { createFaultProxy, type FaultProxy, type FaultProxyOptions } from './proxy.ts';
import type { Toxic } from './toxics.ts';

/** A server that makes, changes and ends fault proxies over HTTP. */
export interface FaultControl extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Makes a proxy, as `POST /proxies` does. @throws RangeError for a name that is taken. */
  create(name: string, options: FaultProxyOptions): Promise<FaultProxy>;
  proxies(): ReadonlyMap<string, FaultProxy>;
}

/** Always on a loopback address: who can call it can stop the traffic. @default a free port */
export async function startFaultControl(port = 0): Promise<FaultControl> {
  const proxies = new Map<string, FaultProxy>();
  const create = async (name: string, options: FaultProxyOptions): Promise<FaultProxy> => {
    if (!/^[\w.-]{1,64}$/.test(name))
      throw new RangeError(`"${name}" is no name: use letters, digits, dots and hyphens`);
    if (proxies.has(name)) throw new RangeError(`there is a proxy "${name}" already`);
    const proxy = await createFaultProxy(options);
    proxies.set(name, proxy);
    return proxy;
  };
  const control = { proxies, create };
  const server = createServer((request, response) => void answer(control, request, response));
  const address = await listenOn(server, { host: '127.0.0.1', port });
  return {
    url: `http://${address}`,
    create,
    proxies: () => proxies,
    [Symbol.asyncDispose]: async () => end(server, proxies),
  };
}

async function end(server: Server, proxies: Map<string, FaultProxy>): Promise<void> {
  const closed = closeServer(server);
  server.closeAllConnections();
  await closed;
  for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
  proxies.clear();
}

interface Control {
  readonly proxies: Map<string, FaultProxy>;
  create(name: string, options: FaultProxyOptions): Promise<FaultProxy>;
}

interface Answer {
  readonly status: number;
  /** JSON, or text of metrics. */
  readonly body: unknown;
}

/** A route: `:name` and `:id` stand for one part of a path. */
type Handler = (control: Control, parts: readonly string[], body: unknown) => Promise<Answer> | Answer;

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /metrics': ({ proxies }) => ({ status: 200, body: proxyMetrics(proxies) }),
  'GET /proxies': ({ proxies }) => ok({ items: [...proxies].map(shownOf) }),
  'POST /proxies': makeProxy,
  'GET /proxies/:name': (control, [name]) => ok(shownOf(find(control, name))),
  'DELETE /proxies/:name': deleteProxy,
  'GET /proxies/:name/toxics': (control, [name]) =>
    ok({ items: find(control, name)[1].toxics().map(toWire) }),
  'POST /proxies/:name/toxics': addToxic,
  'DELETE /proxies/:name/toxics': async (control, [name]) => {
    await find(control, name)[1].clear();
    return ok({ items: [] });
  },
  'DELETE /proxies/:name/toxics/:id': removeToxic,
};

class NotFound extends Error {}

async function answer(control: Control, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await tryToAnswer(control, request);
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type });
  response.end(isText ? body : `${JSON.stringify(body, null, 2)}\n`);
}

async function tryToAnswer(control: Control, request: IncomingMessage): Promise<Answer> {
  try {
    if (!isLocal(request)) return { status: 403, body: { error: 'only calls to a loopback address' } };
    const [, ...path] = (request.url ?? '/').split('?', 1)[0]?.split('/').map(decodeURIComponent) ?? [];
    const pattern = `/${path.map((part, index) => [':name', part, ':id'][index - 1] ?? part).join('/')}`;
    const handler = ROUTES[`${request.method} ${pattern}`];
    if (handler === undefined) throw new NotFound(`there is no ${request.method} ${request.url}`);
    return await handler(control, [path[1] ?? '', path[3] ?? ''], await bodyOf(request));
  } catch (error) {
    const status = error instanceof NotFound ? 404 : 400;
    return { status, body: { error: inWireNames(error instanceof Error ? error.message : String(error)) } };
  }
}

/** Calls of a web page are refused: its `Origin`, or its own host name (DNS rebinding), gives it away. */
function isLocal({ headers }: IncomingMessage): boolean {
  const { hostname } = URL.parse(`http://${headers.host ?? ''}`) ?? { hostname: '' };
  return headers.origin === undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function find({ proxies }: Control, name = ''): readonly [string, FaultProxy] {
  const proxy = proxies.get(name);
  if (proxy === undefined) throw new NotFound(`there is no proxy "${name}"`);
  return [name, proxy];
}

function shownOf([name, proxy]: readonly [string, FaultProxy]): unknown {
  const { connections, bytes, injected } = proxy.counts();
  return {
    name,
    listen: proxy.address,
    upstream: proxy.upstream,
    protocol: proxy.protocol,
    toxics: proxy.toxics().map(toWire),
    live_connections: proxy.connections(),
    connections,
    bytes,
    injected,
  };
}

async function makeProxy(control: Control, _: readonly string[], body: unknown): Promise<Answer> {
  if (!isFields(body)) throw new RangeError('the body must be a JSON object with "name" and "upstream"');
  const { name, upstream, host, port, protocol } = body;
  if (typeof name !== 'string' || typeof upstream !== 'string')
    throw new RangeError('a proxy needs "name" and "upstream"');
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'http')
    throw new RangeError('"protocol" must be tcp or http');
  const proxy = await control.create(name, {
    upstream,
    host: typeof host === 'string' ? host : '127.0.0.1',
    port: typeof port === 'number' ? port : 0,
    protocol: protocol ?? 'tcp',
  });
  return { status: 201, body: shownOf([name, proxy]) };
}

async function deleteProxy(control: Control, [name]: readonly string[]): Promise<Answer> {
  const [found, proxy] = find(control, name);
  control.proxies.delete(found);
  await proxy[Symbol.asyncDispose]();
  return ok({ deleted: found });
}

async function addToxic(control: Control, [name]: readonly string[], body: unknown): Promise<Answer> {
  const [, proxy] = find(control, name);
  if (!isFields(body)) throw new RangeError('the body must be a JSON object with "type"');
  const id = await proxy.add(fromWire(body) as unknown as Toxic);
  return { status: 201, body: { id } };
}

async function removeToxic(control: Control, [name, id = '']: readonly string[]): Promise<Answer> {
  const [, proxy] = find(control, name);
  if (!(await proxy.remove(id))) throw new NotFound(`there is no toxic "${id}"`);
  return ok({ deleted: id });
}
