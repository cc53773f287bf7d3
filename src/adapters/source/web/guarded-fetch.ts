import { lookup } from 'node:dns/promises';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { HoldfastError, type ErrorCode } from '../../../core/errors.ts';
import type { AllowedPlace } from '../../../lib/allowed-place.ts';
import { untilAborted } from '../../../lib/until-aborted.ts';
import { addressProblem } from './address-rules.ts';
import { checkedUrl, hostOf, portOf, shownUrl } from './checked-url.ts';
import { readBody } from './read-body.ts';
import type { WebAnswer, WebFetch, WebRequest } from './web-fetch.ts';

/** All addresses of a host, as the system resolves them. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export interface GuardedFetchOptions {
  readonly allowed: readonly AllowedPlace[];
  readonly userAgent: string;
  readonly resolve?: Resolve;
  /** For one document with all its redirects. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;
const MAX_HEADER_BYTES = 16 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches from public addresses only, and from the places of an allow-list. Every hop of a redirect is checked, and
 * the connection goes to the very addresses that were checked, so that a name cannot change its mind in between.
 */
export function guardedFetch(options: GuardedFetchOptions): WebFetch {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return async (request, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const both = AbortSignal.any([signal, timeout]);
    try {
      return await followed(request, options, both);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      signal.throwIfAborted();
      if (timeout.aborted)
        throw failure('url_timeout', request.url, `did not end within ${timeoutMs / 1000} s`, error);
      throw failure('url_unreachable', request.url, `cannot be fetched: ${reasonOf(error)}`, error);
    }
  };
}

async function followed(
  request: WebRequest,
  options: GuardedFetchOptions,
  signal: AbortSignal,
): Promise<WebAnswer> {
  let url = checkedUrl(request.url);
  for (let redirects = 0; ; redirects++) {
    const response = await ask(url, { request, options, signal });
    try {
      const target = REDIRECTS.has(response.statusCode ?? 0) ? response.headers.location : undefined;
      if (target === undefined) return await answerOf(response, { url: url.href, request, signal });
      if (redirects === MAX_REDIRECTS)
        throw failure('url_redirects', request.url, `redirects more than ${MAX_REDIRECTS} times`);
      url = checkedUrl(target, url.href);
    } finally {
      response.destroy();
    }
  }
}

interface Asking {
  readonly request: WebRequest;
  readonly options: GuardedFetchOptions;
  readonly signal: AbortSignal;
}

async function ask(url: URL, { request, options, signal }: Asking): Promise<IncomingMessage> {
  const addresses = await checkedAddresses(url, options, signal);
  const isSecure = url.protocol === 'https:';
  // An agent of its own: no connection of somebody else, and no proxy that would resolve the name again.
  const agent = isSecure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  const answer = Promise.withResolvers<IncomingMessage>();
  const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
    agent,
    signal,
    lookup: pinned(addresses),
    headers: headersOf(request, options.userAgent),
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  outgoing.on('response', answer.resolve);
  outgoing.on('error', answer.reject);
  outgoing.on('upgrade', (_response, socket) => {
    socket.destroy();
    answer.reject(failure('url_malformed', url.href, 'answers with another protocol'));
  });
  outgoing.end();
  return answer.promise;
}

function headersOf({ validators }: WebRequest, userAgent: string): Record<string, string> {
  const etag = validators?.etag ?? null;
  const lastModified = validators?.lastModified ?? null;
  return {
    'user-agent': userAgent,
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br',
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
  };
}

/** @throws HoldfastError `url_forbidden` when any of them is not allowed: a mixture is an attack or a mistake. */
async function checkedAddresses(
  url: URL,
  { allowed, resolve = systemResolve }: GuardedFetchOptions,
  signal: AbortSignal,
): Promise<readonly ResolvedAddress[]> {
  const place = { host: hostOf(url), port: portOf(url) };
  const addresses = await untilAborted(signal, resolve(place.host));
  if (addresses.length === 0) throw failure('url_unreachable', url.href, 'has a host without an address');
  for (const { address } of addresses) {
    const problem = addressProblem(place, address, allowed);
    if (problem !== null) throw failure('url_forbidden', url.href, `is not fetched: ${problem}`);
  }
  return addresses;
}

/** Addresses come back as they are: the resolver does not ask anybody about them. */
const systemResolve: Resolve = async (host) => lookup(host, { all: true });

function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

interface Answering {
  readonly url: string;
  readonly request: WebRequest;
  readonly signal: AbortSignal;
}

async function answerOf(response: IncomingMessage, { url, request, signal }: Answering): Promise<WebAnswer> {
  const status = response.statusCode ?? 0;
  if (status === 304 && request.validators !== undefined) return { kind: 'unchanged', url };
  if (status !== 200)
    return { kind: 'refused', url, status, retryAfterMs: retryAfter(response.headers['retry-after']) };
  const mediaType = mediaTypeOf(response.headers['content-type']);
  if (request.isDocument && mediaType !== null && /^(image|audio|video|font|model)\//.test(mediaType))
    throw failure('url_content_type', url, `is ${mediaType}, which holds no text`);
  const bytes = await readBody(response, { url, maxBytes: request.maxBytes, signal });
  const { etag = null, 'last-modified': lastModified = null } = response.headers;
  return { kind: 'fetched', url, bytes, mediaType, validators: { etag, lastModified } };
}

function mediaTypeOf(header: string | undefined): string | null {
  const type = header?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : null;
}

/** Seconds only: a date would need the other machine's clock to be right. */
function retryAfter(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}

function failure(code: ErrorCode, url: string, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(code, `${shownUrl(url)} ${what}`, cause === undefined ? {} : { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name service does not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  HPE_HEADER_OVERFLOW: `the headers are larger than ${MAX_HEADER_BYTES} bytes`,
  HPE_INVALID_CONSTANT: 'the answer is not HTTP',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}
