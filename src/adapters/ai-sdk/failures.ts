import { ModelError, type ModelFailure } from '../../core/models/model-error.ts';
import {
  brief,
  connectionError,
  detailOf,
  failureOfStatus,
  hintFor,
  isConnectionError,
  isHtml,
  namesUnknownModel,
  retryAfterMs,
} from '../model-http/failures.ts';
import { field } from '../model-http/json-fields.ts';

/** Errors of `@ai-sdk/provider` by name; all but those of calls. */
const NAMED: Readonly<Record<string, ModelFailure>> = {
  AI_LoadAPIKeyError: 'unauthorized',
  AI_LoadSettingError: 'unauthorized',
  AI_NoSuchModelError: 'unknown_model',
  AI_TooManyEmbeddingValuesForCallError: 'rejected',
  AI_InvalidArgumentError: 'rejected',
  AI_InvalidPromptError: 'rejected',
  AI_UnsupportedFunctionalityError: 'rejected',
  AI_EmptyResponseBodyError: 'unusable',
  AI_InvalidResponseDataError: 'unusable',
  AI_JSONParseError: 'unusable',
  AI_TypeValidationError: 'unusable',
};

/** What a provider of the AI SDK threw, as a `ModelError`; the reason of the signal when that was it. */
export function aiSdkFailure(place: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const ours = causes(error).find((one) => one instanceof ModelError);
  if (ours !== undefined) return ours;
  const status = field(error, 'statusCode');
  if (typeof status === 'number' && (status >= 300 || !isConnectionError(error)))
    return callFailure(place, error, status);
  const failure = NAMED[String(field(error, 'name'))];
  return failure === undefined
    ? connectionError(place, error)
    : new ModelError(failure, `${place}: ${brief(textOf(error))}`, { cause: error });
}

/** `APICallError`: the server answered. */
function callFailure(place: string, error: unknown, status: number): ModelError {
  const body = String(field(error, 'responseBody') ?? '');
  const headers = new Headers(headersOf(field(error, 'responseHeaders')));
  const wait = retryAfterMs((name) => headers.get(name));
  const detail = body === '' ? brief(textOf(error)) : detailOf(body);
  const said = namesUnknownModel(status, detail) ? 'unknown_model' : failureOfStatus(status, wait);
  const failure = isHtml(body) && said === 'rejected' ? 'wrong_address' : said;
  const hint = hintFor(failure);
  return new ModelError(
    failure,
    `${place} answered with status ${status}: ${detail}${hint === null ? '' : `; ${hint}`}`,
    { cause: error, ...(wait === null ? {} : { retryAfterMs: wait }) },
  );
}

function headersOf(value: unknown): Record<string, string> {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && chain.length < 6; one = field(one, 'cause'))
    chain.push(one);
  return chain;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
