/** Stable names of the ways in which this room refuses or cuts a call. */
export type ResilienceErrorKind =
  | 'deadline'
  | 'timeout'
  | 'breaker_open'
  | 'breaker_disabled'
  | 'bulkhead_full'
  | 'shed';

/** Base of every error that this room throws itself. Errors of the guarded call pass through unchanged. */
export abstract class ResilienceError extends Error {
  /** Which refusal it is; stable, for mapping to the codes of an application. */
  abstract readonly kind: ResilienceErrorKind;
  /** Milliseconds after which another try makes sense; null when unknown. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The request's deadline has passed, or leaves too little time to start a call. */
export class DeadlineError extends ResilienceError {
  override readonly name = 'DeadlineError';
  override readonly kind = 'deadline';
}

/** Which clock ran out: of the whole call, or of a stream until its first item, between items, or in total. */
export type TimeoutPhase = 'call' | 'first_item' | 'gap' | 'total';

/** A call or stream lasted longer than it may. Its signal has been aborted. */
export class TimeoutError extends ResilienceError {
  override readonly name = 'TimeoutError';
  override readonly kind = 'timeout';
  /** The limit that was exceeded, in milliseconds. */
  readonly timeoutMs: number;
  /** Which clock ran out. */
  readonly phase: TimeoutPhase;

  constructor(what: string, timeoutMs: number, phase: TimeoutPhase = 'call') {
    super(`${what} timed out after ${timeoutMs} ms${PHASE_TEXT[phase]}`);
    this.timeoutMs = timeoutMs;
    this.phase = phase;
  }
}

const PHASE_TEXT = {
  call: '',
  first_item: ' without a first item',
  gap: ' of silence',
  total: ' in total',
} as const satisfies Record<TimeoutPhase, string>;

/** The breaker lets no call through now. Nothing was sent. */
export class BreakerOpenError extends ResilienceError {
  override readonly name = 'BreakerOpenError';
  override readonly kind = 'breaker_open';
  /** Name of the breaker. */
  readonly breaker: string;

  constructor(breaker: string, state: string, retryAfterMs: number) {
    super(`The breaker ${breaker} is ${state}`, retryAfterMs);
    this.breaker = breaker;
  }
}

/** A disabled breaker cannot be forced into a state. */
export class BreakerDisabledError extends ResilienceError {
  override readonly name = 'BreakerDisabledError';
  override readonly kind = 'breaker_disabled';
}

/** All slots are taken, and the queue is full or the wait was too long. Nothing was sent. */
export class BulkheadFullError extends ResilienceError {
  override readonly name = 'BulkheadFullError';
  override readonly kind = 'bulkhead_full';
  /** `queue_full`: refused at once or pushed out by a newer call; `waited`: no slot within the longest wait. */
  readonly reason: 'queue_full' | 'waited';

  constructor(what: string, reason: 'queue_full' | 'waited', retryAfterMs: number) {
    super(`${what} is at its limit of concurrent calls (${reason.replace('_', ' ')})`, retryAfterMs);
    this.reason = reason;
  }
}

/** The process is overloaded and takes on no work of this criticality. */
export class ShedError extends ResilienceError {
  override readonly name = 'ShedError';
  override readonly kind = 'shed';
}
