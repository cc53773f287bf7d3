import { ModelError, type ModelFailure } from '../../core/models/model-error.ts';
import {
  brief,
  connectionError,
  detailOf,
  failureOfStatus,
  hintFor,
  isHtml,
  retryAfterMs,
} from './failures.ts';
import {
  isPage,
  MAX_ANSWER_BYTES,
  pageError,
  redirectError,
  shownAddress,
  startOf,
  tooLarge,
} from './answer-limits.ts';
import { isSuccess, type HttpAnswer } from './http-answer.ts';
import { httpClient, type HttpClient } from './http-client.ts';
import { readBounded, readLines, readText } from './read-bounded.ts';

const LISTED_MODELS = 20;

/** Where a model server is and how its kind says things. */
export interface ModelServerOptions {
  /** What it is called in messages: `Ollama`. */
  readonly name: string;
  /** Address that paths are put behind. */
  readonly url: string;
  /** Sent as a bearer token; never part of a message. */
  readonly apiKey?: string | undefined;
  /** What a refusal's text tells better than its status, or null. */
  readonly classify?: (status: number, detail: string) => ModelFailure | null;
  /** Where it lists its models, so that the error about an unknown one can name them. */
  readonly models?: { readonly path: string; readonly read: (body: unknown) => readonly string[] };
}

/** A success whose body has not been read yet. Read one of the two. */
export interface ModelAnswer {
  readonly contentType: string;
  /** @throws ModelError `unusable` for anything but JSON. */
  json(): Promise<unknown>;
  /** Lines as they come; leaving the loop closes the connection. @throws ModelError. */
  lines(): AsyncGenerator<string>;
}

/**
 * JSON over HTTP to one model server: failures become a `ModelError`, answers are bounded, redirects refused. No
 * retry and no timeout of its own: the signal decides, reaches the socket, and its reason is what is thrown.
 */
export interface ModelServer {
  /** Name and address, for messages. */
  readonly place: string;
  get(path: string, signal: AbortSignal): Promise<ModelAnswer>;
  post(path: string, body: unknown, signal: AbortSignal): Promise<ModelAnswer>;
}

export function modelServer(options: ModelServerOptions): ModelServer {
  const base = options.url.replace(/\/+$/, '');
  const place = `${options.name} at ${shownAddress(base)}`;
  const call = { options, client: httpClient(base), place };
  return {
    place,
    get: (path, signal) => send(call, { path, signal }),
    post: (path, body, signal) => send(call, { path, body: JSON.stringify(body), signal }),
  };
}

interface Place {
  readonly options: ModelServerOptions;
  readonly client: HttpClient;
  readonly place: string;
}

interface Call {
  readonly path: string;
  readonly body?: string;
  readonly signal: AbortSignal;
}

async function send(at: Place, call: Call): Promise<ModelAnswer> {
  const response = await request(at, call);
  if (!isSuccess(response)) throw await refusal(at, call, response);
  if (isPage(response)) throw pageError(at.place, await refusalText(call.signal, response));
  if (isEncoded(response)) throw await encodedError(at, call, response);
  return answer(at, call.signal, response);
}

async function request({ options, client, place }: Place, call: Call): Promise<HttpAnswer> {
  const headers = {
    accept: 'application/json, application/x-ndjson, text/event-stream',
    'accept-encoding': 'identity',
    'user-agent': 'holdfast',
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  };
  try {
    return await client({ ...call, headers });
  } catch (error) {
    call.signal.throwIfAborted();
    throw connectionError(place, error);
  }
}

function answer({ place }: Place, signal: AbortSignal, response: HttpAnswer): ModelAnswer {
  const pieces = (): AsyncGenerator<Uint8Array> =>
    readBounded(response.body, { maxBytes: MAX_ANSWER_BYTES, tooLarge: () => tooLarge(place) });
  return {
    contentType: response.header('content-type') ?? '',
    json: async () => parseJson(place, await failingAs(place, signal, () => readText(pieces()))),
    lines: async function* () {
      try {
        for await (const line of readLines(pieces())) {
          signal.throwIfAborted();
          yield line;
        }
      } catch (error) {
        throw bodyError(place, signal, error);
      }
    },
  };
}

/** A line or body of JSON. @throws ModelError `unusable`. */
export function parseJson(place: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = isHtml(text)
      ? detailOf(text)
      : text === ''
        ? 'nothing'
        : `no JSON: "${brief(text).slice(0, 80)}"`;
    throw new ModelError('unusable', `${place} answered with ${what}; is this a model server?`, {
      cause: error,
    });
  }
}

async function failingAs<T>(place: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw bodyError(place, signal, error);
  }
}

function bodyError(place: string, signal: AbortSignal, error: unknown): unknown {
  if (signal.aborted) return signal.reason;
  return error instanceof ModelError ? error : connectionError(place, error);
}

async function refusal(at: Place, call: Call, response: HttpAnswer): Promise<ModelError> {
  const { options, place } = at;
  const { status, header } = response;
  const text = await refusalText(call.signal, response);
  const detail = redacted(detailOf(text), options.apiKey);
  if (status < 400) return redirectError(place, response);
  const wait = retryAfterMs(header);
  const failure = refusalFailure(at, { status, wait, detail, isHtmlPage: isHtml(text) });
  const said = `${place} answered ${call.path} with status ${status}${detail === '' ? '' : `: ${detail}`}`;
  const hint = failure === 'unknown_model' ? await knownModels(at, call.signal) : hintFor(failure);
  return new ModelError(
    failure,
    hint === null ? said : `${said}; ${hint}`,
    wait === null ? {} : { retryAfterMs: wait },
  );
}

interface Refusal {
  readonly status: number;
  readonly wait: number | null;
  readonly detail: string;
  readonly isHtmlPage: boolean;
}

/** A page for people is no answer of a model server; one with status 5xx is a proxy that cannot reach it. */
function refusalFailure({ options }: Place, { status, wait, detail, isHtmlPage }: Refusal): ModelFailure {
  const failure = failureOfStatus(status, wait);
  if (isHtmlPage) return failure === 'rejected' ? 'wrong_address' : failure;
  return options.classify?.(status, detail) ?? failure;
}

/** The start of the body; whatever happens to it, the status is known already. */
async function refusalText(signal: AbortSignal, response: HttpAnswer): Promise<string> {
  const text = await startOf(response);
  signal.throwIfAborted();
  return isEncoded(response) ? '' : text;
}

/** Compressed, although only `identity` was accepted. */
function isEncoded({ header }: HttpAnswer): boolean {
  return (header('content-encoding') ?? 'identity') !== 'identity';
}

async function encodedError({ place }: Place, { signal }: Call, response: HttpAnswer): Promise<ModelError> {
  await refusalText(signal, response);
  const coding = brief(response.header('content-encoding') ?? '');
  return new ModelError('unusable', `${place} answered in the coding "${coding}", which was not asked for`);
}

async function knownModels({ options, client, place }: Place, signal: AbortSignal): Promise<string> {
  const { models, ...plain } = options;
  if (models === undefined) return 'check the name of the model';
  try {
    const listed = await send({ options: plain, client, place }, { path: models.path, signal });
    const names = models.read(await listed.json());
    if (names.length === 0) return 'it has no model at all';
    const more = names.length > LISTED_MODELS ? `, and ${names.length - LISTED_MODELS} more` : '';
    return `it has ${names.slice(0, LISTED_MODELS).map(brief).join(', ')}${more}`;
  } catch {
    signal.throwIfAborted();
    return 'check the name of the model';
  }
}

function redacted(text: string, secret: string | undefined): string {
  return secret === undefined || secret === '' ? text : text.replaceAll(secret, '[key]');
}
