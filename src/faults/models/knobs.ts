/** What a call to a model server is for. `models` = lists, versions and descriptions: everything that needs no model. */
export const CALL_KINDS = ['embed', 'chat', 'rerank', 'models'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** Bodies that come with status 200 and are no answer. */
export const FALSE_BODIES = ['garbage', 'html', 'empty', 'other_json', 'truncated'] as const;
/**
 * Vectors that no index should take. `nan` is the literal that Python servers write, `null` is what JavaScript ones do,
 * `infinite` a number that is too large for any machine.
 */
export const FALSE_EMBEDDINGS = [
  'nan',
  'infinite',
  'null',
  'zero',
  'empty',
  'none',
  'wrong_count',
  'wrong_dimension',
] as const;
/** How a stream ends before its time: `end` closes it properly, but without the last message. */
export const STREAM_BREAKS = ['stall', 'close', 'reset', 'error', 'garbage', 'end'] as const;

/**
 * What a stand-in does wrong, as data: settable when it is made, while it runs, and over HTTP (there in snake_case).
 * Several can be combined; the first that applies wins in the order in which they stand here.
 */
export interface Knobs {
  /** The calls that faults apply to. Without `models`, lists stay alive while inference fails. */
  readonly faultsOn: readonly CallKind[];
  /** The share of those calls that gets the faults, evenly spread: 0.5 = every second one. 0 to 1. */
  readonly share: number;
  /** Answer with a redirect to this address. */
  readonly redirectTo: string | null;
  /** Answer with this status and the server's own error body. */
  readonly status: number | null;
  /** The `Retry-After` header of that answer. */
  readonly retryAfter: string | null;
  /** Take the call and never answer it. */
  readonly hangs: boolean;
  /** Status 200 with something else than an answer. */
  readonly body: (typeof FALSE_BODIES)[number] | null;
  /** Wrong vectors in a well-formed answer. */
  readonly embeddings: (typeof FALSE_EMBEDDINGS)[number] | null;
  /** Pads the answer to this size: more text of a chat, white space elsewhere. */
  readonly answerBytes: number | null;
  /** Break the stream after so many tokens; see `breakWith`. */
  readonly breakAfterTokens: number | null;
  readonly breakWith: (typeof STREAM_BREAKS)[number];
  /** Calls for a model that are worked on at once; more wait in a queue. Null = all of them. Not a fault: always applies. */
  readonly parallel: number | null;
  /** Calls that may wait; one more is refused with 503, as by Ollama. Not a fault: always applies. */
  readonly queue: number;
  /** How long a model that is not loaded takes to load; calls meanwhile wait for the same load. Not a fault: always applies. */
  readonly coldLoadMs: number;
  /** Time before an embedding or a ranking is answered. Not a fault: always applies. */
  readonly delayMs: number;
  /** Time before the first token of a chat. Not a fault: always applies. */
  readonly timeToFirstTokenMs: number;
  /** Time between two tokens. Not a fault: always applies. */
  readonly tokenIntervalMs: number;
}

/** A healthy server that answers at once. */
export const HEALTHY: Knobs = {
  faultsOn: ['embed', 'chat', 'rerank'],
  share: 1,
  redirectTo: null,
  status: null,
  retryAfter: null,
  hangs: false,
  body: null,
  embeddings: null,
  answerBytes: null,
  breakAfterTokens: null,
  breakWith: 'stall',
  parallel: null,
  queue: 512,
  coldLoadMs: 0,
  delayMs: 0,
  timeToFirstTokenMs: 0,
  tokenIntervalMs: 0,
};

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const between = (low: number, high: number) => (value: unknown) =>
  typeof value === 'number' && value >= low && value <= high;
const isWholeNumber: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = between(0, 2 ** 31 - 1);
const oneOf =
  (names: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && names.includes(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const CHECKS: Readonly<Record<keyof Knobs, Check>> = {
  faultsOn: (value) => Array.isArray(value) && value.every(oneOf(CALL_KINDS)),
  share: between(0, 1),
  redirectTo: orNull(isText),
  status: orNull((value) => isWholeNumber(value) && between(400, 599)(value)),
  retryAfter: orNull(isText),
  hangs: isFlag,
  body: orNull(oneOf(FALSE_BODIES)),
  embeddings: orNull(oneOf(FALSE_EMBEDDINGS)),
  answerBytes: orNull(isWholeNumber),
  breakAfterTokens: orNull(isWholeNumber),
  breakWith: oneOf(STREAM_BREAKS),
  parallel: orNull((value) => isWholeNumber(value) && value !== 0),
  queue: isWholeNumber,
  coldLoadMs: isTime,
  delayMs: isTime,
  timeToFirstTokenMs: isTime,
  tokenIntervalMs: isTime,
};

/** @throws RangeError that names the knob and the bad value. */
export function checkKnobs(knobs: Readonly<Record<string, unknown>>): Partial<Knobs> {
  for (const [name, value] of Object.entries(knobs)) {
    if (!Object.hasOwn(CHECKS, name)) throw new RangeError(`there is no knob "${name}"`);
    if (!CHECKS[name as keyof Knobs](value))
      throw new RangeError(`the knob "${name}" cannot be ${JSON.stringify(value)}`);
  }
  return knobs;
}

/** Names of all knobs. */
export const KNOB_NAMES = Object.keys(HEALTHY) as readonly (keyof Knobs)[];
