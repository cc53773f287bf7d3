import assert from 'node:assert/strict';

/** An answer on the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** What a call sends: a value as JSON, or a text as it is. */
export interface WireCall {
  readonly method?: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a server without any client library. */
export async function callWire(url: string, call: WireCall = {}): Promise<WireAnswer> {
  const body = call.text ?? (call.json === undefined ? null : JSON.stringify(call.json));
  const method = call.method ?? (body === null ? 'GET' : 'POST');
  const response = await fetch(url, { method, body, headers: { ...call.headers } });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  };
}

/** The JSON of an answer with this status. */
export async function jsonOf(
  url: string,
  call: WireCall = {},
  status = 200,
): Promise<Record<string, unknown>> {
  const answer = await callWire(url, call);
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.type, /^application\/json/);
  return JSON.parse(answer.text) as Record<string, unknown>;
}

/** Fails unless the value is an object with exactly these fields. */
export function assertFields(
  value: unknown,
  names: readonly string[],
): asserts value is Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  assert.deepEqual(Object.keys(value).sort(), [...names].sort());
}

/** Fails unless the value is a positive whole number. */
export function assertCount(value: unknown): void {
  assert.ok(Number.isSafeInteger(value) && Number(value) > 0, String(value));
}

/** A stream that has been opened: its text in the pieces that came. */
export interface OpenStream {
  next(): Promise<string>;
  /** Goes away in the middle. */
  leave(): void;
}

export async function openStream(url: string, json: unknown): Promise<OpenStream> {
  const gone = new AbortController();
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(json), signal: gone.signal });
  assert.equal(response.status, 200);
  assert.ok(response.body);
  const reader = response.body.getReader();
  return {
    async next() {
      const { value, done } = await reader.read();
      assert.equal(done, false, 'the stream has ended');
      return new TextDecoder().decode(value);
    },
    leave() {
      gone.abort();
      reader.closed.catch(() => undefined);
    },
  };
}

/** Length of a vector. */
export function lengthOf(vector: readonly number[]): number {
  return Math.hypot(...vector);
}

/** Cosine of two unit vectors. */
export function cosine(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? Number.NaN), 0);
}
