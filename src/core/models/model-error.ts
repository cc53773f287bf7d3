/**
 * What went wrong with a model server, decided where the fact is known. The kinds follow the classification table
 * of docs/resilience.md: some are outages, some are configuration, some only ask to wait.
 */
export type ModelFailure =
  /** No connection: refused, reset, name unknown, TLS. */
  | 'unreachable'
  /** It did not answer in time, or went silent in the middle. */
  | 'timeout'
  /** Status 5xx. */
  | 'server_error'
  /** 429, or 503 with Retry-After: wait, it is not broken. */
  | 'overloaded'
  /** 401 or 403: a wrong or missing key. Configuration, never retried. */
  | 'unauthorized'
  /** The server does not know the model. Configuration, never retried. */
  | 'unknown_model'
  /** The address leads to no such route, or elsewhere: 404, 405, a redirect. Configuration, never retried. */
  | 'wrong_address'
  /** The model is being loaded: wait, it is not broken. */
  | 'warming'
  /** Any other 4xx: the request itself is refused, such as a text too long. */
  | 'rejected'
  /** A success that cannot be used: not JSON, wrong count or dimension, NaN, empty, too large. */
  | 'unusable';

/** A failed call of an embedding, generation or reranking model. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly failure: ModelFailure;
  /** Milliseconds that the server asked to wait, or null. */
  readonly retryAfterMs: number | null;

  constructor(
    failure: ModelFailure,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  /** True when the same call may work later or on another try. */
  get isRetryable(): boolean {
    return RETRYABLE.has(this.failure);
  }
}

const RETRYABLE: ReadonlySet<ModelFailure> = new Set([
  'unreachable',
  'timeout',
  'server_error',
  'overloaded',
  'warming',
]);
