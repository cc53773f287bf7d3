import type { DocumentProblem } from '../core/documents/document.ts';
import { HoldfastError, toHoldfastError, type ErrorCode } from '../core/errors.ts';
import { ModelError } from '../core/models/model-error.ts';

/** What became of a task that has thrown. */
export type Failure =
  /** The cause passes by itself: the task is tried again, however often it takes. */
  | { readonly kind: 'transient'; readonly problem: DocumentProblem }
  | { readonly kind: 'final'; readonly problem: DocumentProblem };

const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'storage_full',
  'storage_failed',
  'server_unreachable',
  'deadline_exceeded',
  'request_timeout',
  'extractor_unavailable',
  'extractor_busy',
]);

export function failureOf(error: unknown): Failure {
  if (error instanceof ModelError)
    return {
      kind: error.isRetryable ? 'transient' : 'final',
      problem: { code: 'internal_error', reason: error.message },
    };
  const { code, message } = error instanceof HoldfastError ? error : toHoldfastError(error);
  return { kind: TRANSIENT.has(code) ? 'transient' : 'final', problem: { code, reason: message } };
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 60_000;

/** Twice as long each time, and half of it by chance, so that what failed together is not tried again together. */
export function retryInMs(tries: number, random: () => number): number {
  const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, tries - 1));
  return Math.round(longest / 2 + (longest / 2) * random());
}
