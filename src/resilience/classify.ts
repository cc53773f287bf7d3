/**
 * How the end of a call counts. `success` and `failure` are recorded by breakers; `pushback` asks to wait and only
 * lowers adaptive limits; `ignored` says nothing about the dependency.
 */
export type Outcome = 'success' | 'failure' | 'pushback' | 'ignored';

/** What a row of the table says. */
export interface FaultRule {
  /** How it counts. */
  readonly outcome: Exclude<Outcome, 'success'>;
  /** Whether a second try may help at all; only idempotent calls get one. */
  readonly isRetryable: boolean;
}

/**
 * The classification of reference 1.3, one row a fault. Timeouts are not retried: the work may have been done, and
 * a slow server gets slower by it (Finagle's default). Configuration errors are no outage and never retried.
 */
export const FAULTS = {
  /** Refused, reset, unknown host, TLS: no answer at all. */
  unreachable: { outcome: 'failure', isRetryable: true },
  /** No answer in time, or silence in the middle of one. */
  timeout: { outcome: 'failure', isRetryable: false },
  /** Status 5xx. */
  server_error: { outcome: 'failure', isRetryable: true },
  /** An answer that is not valid in its protocol: cut, garbled. */
  protocol_error: { outcome: 'failure', isRetryable: true },
  /** A success that cannot be used: wrong count or dimension, NaN, zero vector, empty completion. */
  unusable: { outcome: 'failure', isRetryable: false },
  /** 429, or 503 with Retry-After. */
  overloaded: { outcome: 'pushback', isRetryable: true },
  /** 401 or 403. */
  unauthorized: { outcome: 'ignored', isRetryable: false },
  /** The server does not know the model. */
  unknown_model: { outcome: 'ignored', isRetryable: false },
  /** The address has no such route, or redirects. */
  wrong_address: { outcome: 'ignored', isRetryable: false },
  /** The model is being loaded. */
  warming: { outcome: 'ignored', isRetryable: false },
  /** Any other 4xx. */
  rejected: { outcome: 'ignored', isRetryable: false },
  /** The caller gave up. */
  caller_aborted: { outcome: 'ignored', isRetryable: false },
  /** The deadline had passed, or left too little time, before the call began. */
  deadline: { outcome: 'ignored', isRetryable: false },
  /** A breaker, bulkhead or limiter of ours let no call through. */
  not_admitted: { outcome: 'ignored', isRetryable: false },
  /** An error that names no known fault. Whatever broke, the dependency did not serve. */
  unknown: { outcome: 'failure', isRetryable: false },
} as const satisfies Record<string, FaultRule>;

/** Name of a row. */
export type Fault = keyof typeof FAULTS;

/** The end of a failed call, judged. */
export interface Verdict extends FaultRule {
  readonly fault: Fault;
  /** Milliseconds that the dependency asked to wait, or null. */
  readonly retryAfterMs: number | null;
}

/** Judges what a guarded call threw. `isRetryable` and `outcome` normally come from the table. */
export type Classify = (error: unknown) => Verdict;

/** The verdict of the table. */
export function verdictOf(fault: Fault, retryAfterMs: number | null = null): Verdict {
  const { outcome, isRetryable } = FAULTS[fault];
  return { fault, outcome, isRetryable, retryAfterMs };
}

/**
 * Judges an error by what it carries, without knowing its class; the first that fits wins: `failure` or `fault`
 * naming a row; `kind` of this room's errors; `status` of HTTP with `retryAfterMs`; `code` of Node and undici;
 * `name` AbortError; a SyntaxError of a parser; else `unknown`. Looks at `cause` too, four levels deep.
 */
export function classify(error: unknown): Verdict {
  let current = error;
  for (let depth = 0; depth < 4 && isFacts(current); depth++) {
    const fault = faultOf(current);
    if (fault !== null) return verdictOf(fault, retryAfterOf(current));
    current = current.cause;
  }
  return verdictOf('unknown');
}

/** What errors may carry. */
interface Facts {
  readonly failure?: unknown;
  readonly fault?: unknown;
  readonly kind?: unknown;
  readonly status?: unknown;
  readonly code?: unknown;
  readonly name?: unknown;
  readonly retryAfterMs?: unknown;
  readonly cause?: unknown;
}

const KINDS: ReadonlyMap<unknown, Fault> = new Map<string, Fault>([
  ['deadline', 'deadline'],
  ['timeout', 'timeout'],
  ['breaker_open', 'not_admitted'],
  ['bulkhead_full', 'not_admitted'],
  ['shed', 'not_admitted'],
]);

/** Codes of Node, OpenSSL and undici. */
const CODES: ReadonlyMap<unknown, Fault> = new Map<string, Fault>([
  ['ECONNREFUSED', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['ECONNABORTED', 'unreachable'],
  ['EPIPE', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['UND_ERR_SOCKET', 'unreachable'],
  ['UND_ERR_CLOSED', 'unreachable'],
  ['UND_ERR_DESTROYED', 'unreachable'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unreachable'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable'],
  ['CERT_HAS_EXPIRED', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'protocol_error'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'protocol_error'],
  ['deadline_exceeded', 'deadline'],
]);

/** Families of codes. */
const CODE_PREFIXES: readonly (readonly [prefix: string, fault: Fault])[] = [
  ['HPE_', 'protocol_error'],
  ['ERR_SSL_', 'unreachable'],
  ['ERR_TLS_', 'unreachable'],
];

const NAMES: ReadonlyMap<unknown, Fault> = new Map<string, Fault>([
  ['AbortError', 'caller_aborted'],
  ['TimeoutError', 'timeout'],
  ['SyntaxError', 'protocol_error'],
]);

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null;
}

function isFault(name: unknown): name is Fault {
  return typeof name === 'string' && Object.hasOwn(FAULTS, name);
}

function faultOf(facts: Facts): Fault | null {
  if (isFault(facts.failure)) return facts.failure;
  if (isFault(facts.fault)) return facts.fault;
  return (
    KINDS.get(facts.kind) ?? faultOfStatus(facts) ?? faultOfCode(facts.code) ?? NAMES.get(facts.name) ?? null
  );
}

function faultOfCode(code: unknown): Fault | undefined {
  if (typeof code !== 'string') return undefined;
  return CODES.get(code) ?? CODE_PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1];
}

function faultOfStatus(facts: Facts): Fault | null {
  const { status } = facts;
  if (typeof status !== 'number' || status < 400) return null;
  if (status === 429 || (status === 503 && retryAfterOf(facts) !== null)) return 'overloaded';
  if (status >= 500) return 'server_error';
  return status === 401 || status === 403 ? 'unauthorized' : 'rejected';
}

function retryAfterOf({ retryAfterMs }: Facts): number | null {
  return typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : null;
}
