import { WireError } from './call.ts';
import type { Answer } from './composed-answer.ts';
import type { Counters } from './counters.ts';
import type { Shelf, StandInModel } from './shelf.ts';

/** What the handlers of an OpenAI-compatible server share. */
export interface OpenAi {
  readonly shelf: Shelf;
  readonly counters: Counters;
  readonly answer: Answer;
}

/** The error object of OpenAI. */
export function openAiError(status: number, message: string, details: ErrorDetails = {}): unknown {
  const { param = null, code = codeOf(status) } = details;
  return { error: { message, type: details.type ?? typeOf(status), param, code } };
}

interface ErrorDetails {
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** A 400 about one parameter. */
export function badParameter(param: string, message: string): WireError {
  return new WireError(400, message, openAiError(400, message, { param }));
}

/** @throws WireError 400 without a name, 404 for a model that does not exist. */
export function findModel({ shelf }: OpenAi, name: unknown): Required<StandInModel> {
  if (typeof name !== 'string' || name === '') throw new WireError(400, 'you must provide a model parameter');
  const model = shelf.find(name);
  if (model !== undefined) return model;
  const message = `The model \`${name}\` does not exist or you do not have access to it.`;
  throw new WireError(404, message, openAiError(404, message, { code: 'model_not_found' }));
}

function typeOf(status: number): string {
  if (status === 429) return 'requests';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function codeOf(status: number): string | null {
  if (status === 401) return 'invalid_api_key';
  return status === 429 ? 'rate_limit_exceeded' : null;
}
