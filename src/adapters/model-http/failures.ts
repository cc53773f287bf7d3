import { ModelError, type ModelFailure } from '../../core/models/model-error.ts';
import type { HeaderReader } from './http-answer.ts';
import { field } from './json-fields.ts';

const DETAIL_CHARACTERS = 300;

/** What a status means, whatever the server says with it. 503 asks to wait only when it says for how long. */
export function failureOfStatus(status: number, retryAfterMs: number | null): ModelFailure {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429 || (status === 503 && retryAfterMs !== null)) return 'overloaded';
  if (status === 408) return 'timeout';
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) return 'wrong_address';
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'rejected' : 'unusable';
}

/** What to do about a refusal, or null. */
export function hintFor(failure: ModelFailure): string | null {
  if (failure === 'unauthorized') return 'check the API key';
  return failure === 'unusable' || failure === 'wrong_address'
    ? 'is this the address of a model server?'
    : null;
}

/** Servers word it in many ways, with status 404 or 400, but never without the word "model". */
export function namesUnknownModel(status: number, detail: string): boolean {
  const isUnknown = /\bmodels?\b.*\b(not found|does ?n[o']t exist|not exist|unknown|not loaded|no models?)/i;
  return (status === 404 || status === 400) && isUnknown.test(detail);
}

/**
 * `Retry-After` (RFC 9110, 10.2.3) in milliseconds: seconds, or a date, which is taken against the answer's own
 * `Date`, so that no clock of ours matters. Null when it is missing or nonsense.
 */
export function retryAfterMs(header: HeaderReader): number | null {
  const raw = header('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(raw)) return Math.ceil(Number(raw) * 1000);
  const wait = Date.parse(raw) - Date.parse(header('date') ?? '');
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}

/** The sentence in a refusal's body: JSON of Ollama, OpenAI, FastAPI and Cohere, or the start of the text. */
export function detailOf(body: string): string {
  if (isHtml(body)) return htmlDetail(body);
  return brief(messageIn(parsed(body)) ?? body);
}

/** One line of bounded length. */
export function brief(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > DETAIL_CHARACTERS ? `${line.slice(0, DETAIL_CHARACTERS)}...` : line;
}

export function isHtml(text: string): boolean {
  return /^\s*<(!doctype|html|head|body)\b/i.test(text);
}

/** The message of an error object as servers nest it, or null. */
export function messageIn(body: unknown): string | null {
  const error = field(body, 'error');
  const candidates = [error, field(error, 'message'), field(body, 'message'), field(body, 'detail')];
  return candidates.find((candidate) => typeof candidate === 'string') ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function htmlDetail(body: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1];
  return title === undefined ? 'an HTML page' : `an HTML page, "${brief(title)}"`;
}

/** The failure behind a call that got no answer, or lost it in the middle. */
export function connectionError(place: string, error: unknown): ModelError {
  const cause = innermost(error);
  const code = String(field(cause, 'code') ?? '');
  const [failure, text] = connectionFailure(code, cause);
  return new ModelError(failure, `${place} ${text}`, { cause: error });
}

/** True when a connection that failed or broke is behind the error. */
export function isConnectionError(error: unknown): boolean {
  return String(field(innermost(error), 'code')) in CONNECTION;
}

const CONNECTION: Readonly<Record<string, readonly [ModelFailure, string]>> = {
  ECONNREFUSED: ['unreachable', 'refuses connections: is it running, and is the address right?'],
  ENOTFOUND: ['unreachable', 'has a host name that nobody knows: check the address'],
  EAI_AGAIN: ['unreachable', 'has a host name that could not be looked up just now'],
  ECONNRESET: ['unreachable', 'broke the connection off'],
  UND_ERR_SOCKET: ['unreachable', 'broke the connection off'],
  ETIMEDOUT: ['unreachable', 'took too long to accept a connection'],
  UND_ERR_CONNECT_TIMEOUT: ['unreachable', 'took too long to accept a connection'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'did not begin to answer in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'went silent in the middle of its answer'],
};

const TLS_CODE = /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/;

function connectionFailure(code: string, cause: unknown): readonly [ModelFailure, string] {
  const known = CONNECTION[code];
  if (known !== undefined) return known;
  const reason = brief(cause instanceof Error ? cause.message : String(cause));
  if (TLS_CODE.test(code))
    return [
      'unreachable',
      `has no TLS that can be trusted (${reason}): for a private CA set NODE_EXTRA_CA_CERTS`,
    ];
  if (code.startsWith('HPE_')) return ['unusable', `does not speak HTTP (${reason})`];
  return ['unreachable', `cannot be reached (${reason})`];
}

/** `fetch` hides the reason behind "fetch failed", and several addresses behind an `AggregateError`. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 5; depth++) {
    const next = inner instanceof AggregateError ? inner.errors[0] : field(inner, 'cause');
    if (next === undefined || next === null) break;
    inner = next;
  }
  return inner;
}
