/** Which way a toxic works: `downstream` = to the client, `upstream` = to the server. */
export type Direction = 'downstream' | 'upstream';

/** Faults of a connection, and of the bytes on it. Names and meanings as in Toxiproxy. */
export type ConnectionFault =
  /** Every piece of data comes later, by `latencyMs` plus or minus up to `jitterMs`. Order is kept. */
  | { readonly type: 'latency'; readonly latencyMs: number; readonly jitterMs?: number }
  /** Nobody is there: `refuse` closes the port, `close` takes connections and closes them at once. Live ones are reset. */
  | { readonly type: 'down'; readonly mode?: 'refuse' | 'close' }
  /** At most so many bytes a second. */
  | { readonly type: 'bandwidth'; readonly bytesPerSecond: number }
  /** The end of the connection comes later. */
  | { readonly type: 'slow_close'; readonly delayMs: number }
  /** Nothing passes any more; the connection is closed after `timeoutMs`, never with 0. */
  | { readonly type: 'timeout'; readonly timeoutMs?: number }
  /** The client gets a TCP reset `afterMs` after it connected, or after the toxic was added. */
  | { readonly type: 'reset_peer'; readonly afterMs?: number }
  /** Data comes in pieces of `sizeBytes`, with `delayMs` between them. */
  | { readonly type: 'slicer'; readonly sizeBytes: number; readonly delayMs?: number }
  /** The connection is closed, or reset, after so many bytes. */
  | { readonly type: 'limit_data'; readonly bytes: number; readonly closing?: 'close' | 'reset' }
  /** One bit is flipped in about every so many bytes. */
  | { readonly type: 'corrupt'; readonly everyBytes: number };

/** Faults of HTTP answers; only for a proxy with `protocol: 'http'`. The share `toxicity` counts requests. */
export type HttpFault =
  /** The answer has this status and no request reaches the server. */
  | {
      readonly type: 'http_status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Headers of the answer are set; null removes one. */
  | { readonly type: 'http_headers'; readonly headers: Readonly<Record<string, string | null>> }
  /** The body of the answer is replaced, or gets a text before it or after it. */
  | { readonly type: 'http_body'; readonly mode: 'replace' | 'prepend' | 'append'; readonly text: string };

/** A fault and when it works. */
export type Toxic = (ConnectionFault | HttpFault) & {
  /** @default type and direction */
  readonly id?: string;
  /** For faults of data. @default downstream */
  readonly direction?: Direction;
  /** Share of connections, or of HTTP requests, that it works on. 0 to 1. @default 1 */
  readonly toxicity?: number;
};

interface Active {
  readonly id: string;
  readonly direction: Direction;
  readonly toxicity: number;
}

/** A toxic in a proxy. */
export type ActiveToxic = (ConnectionFault | HttpFault) & Active;
export type ConnectionToxic = ConnectionFault & Active;
export type HttpToxic = HttpFault & Active;

export type ToxicType = Toxic['type'];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber =
  (low: number, high = 2 ** 31 - 1): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high;
const isTime = isNumber(0);
const isSize: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 1;
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && names.includes(value);
const isTextMap =
  (isValue: Check): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isValue);

interface Shape {
  readonly required: Readonly<Record<string, Check>>;
  readonly optional?: Readonly<Record<string, Check>>;
}

const SHAPES: Readonly<Record<ToxicType, Shape>> = {
  latency: { required: { latencyMs: isTime }, optional: { jitterMs: isTime } },
  down: { required: {}, optional: { mode: oneOf('refuse', 'close') } },
  bandwidth: { required: { bytesPerSecond: isSize } },
  slow_close: { required: { delayMs: isTime } },
  timeout: { required: {}, optional: { timeoutMs: isTime } },
  reset_peer: { required: {}, optional: { afterMs: isTime } },
  slicer: { required: { sizeBytes: isSize }, optional: { delayMs: isTime } },
  limit_data: {
    required: { bytes: (value) => value === 0 || isSize(value) },
    optional: { closing: oneOf('close', 'reset') },
  },
  corrupt: { required: { everyBytes: isSize } },
  http_status: {
    required: { status: (value) => isSize(value) && isNumber(200, 599)(value) },
    optional: { body: isText, headers: isTextMap(isText) },
  },
  http_headers: { required: { headers: isTextMap((value) => value === null || isText(value)) } },
  http_body: { required: { mode: oneOf('replace', 'prepend', 'append'), text: isText } },
};

const COMMON: Readonly<Record<string, Check>> = {
  id: (value) => isText(value) && value !== '',
  direction: oneOf('downstream', 'upstream'),
  toxicity: isNumber(0, 1),
};

/** @throws RangeError that names the toxic, its field and the bad value. */
export function checkToxic(fields: Readonly<Record<string, unknown>>): Toxic {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type))
    throw new RangeError(
      `there is no toxic ${JSON.stringify(type)}; there are ${Object.keys(SHAPES).join(', ')}`,
    );
  const { required, optional } = SHAPES[type as ToxicType];
  const missing = Object.keys(required).find((name) => fields[name] === undefined);
  if (missing !== undefined) throw new RangeError(`the toxic ${type} needs "${missing}"`);
  const checks: Readonly<Record<string, Check>> = { ...COMMON, ...required, ...optional, type: isText };
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(checks, name)) throw new RangeError(`the toxic ${type} has no "${name}"`);
    if (value !== undefined && checks[name]?.(value) !== true)
      throw new RangeError(`"${name}" of the toxic ${type} cannot be ${JSON.stringify(value)}`);
  }
  return fields as unknown as Toxic;
}

/** A toxic with everything that may be left out. */
export function activeToxic(toxic: Toxic): ActiveToxic {
  const direction = toxic.direction ?? 'downstream';
  return { ...toxic, direction, toxicity: toxic.toxicity ?? 1, id: toxic.id ?? `${toxic.type}_${direction}` };
}

export function isHttpToxic(toxic: ActiveToxic): toxic is HttpToxic {
  return toxic.type.startsWith('http_');
}

export function isConnectionToxic(toxic: ActiveToxic): toxic is ConnectionToxic {
  return !isHttpToxic(toxic);
}
