import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { ModelError, type ModelFailure } from '../../src/core/models/model-error.ts';
import type { CallKind, Knobs } from '../../src/faults/models/knobs.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';

/** A model port's one call against a server of its kind. */
export interface CallUnderTest {
  /** Calls the healthy server at the address as the port does. */
  call(url: string, signal: AbortSignal, model?: string): Promise<unknown>;
  startStandIn(): Promise<StandIn>;
  readonly kind: CallKind;
  /** The error about an unknown model names those that exist. */
  readonly namesModels: boolean;
}

/** The `ModelError` that the work rejects with. */
export async function modelFailure(work: Promise<unknown>): Promise<ModelError> {
  const error: unknown = await work.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ModelError, `${String(error)} is no ModelError`);
  return error;
}

const NEVER = new AbortController().signal;

const KNOBS: readonly (readonly [title: string, Partial<Knobs>, ModelFailure, RegExp])[] = [
  ['status 500', { status: 500 }, 'server_error', /status 500/],
  ['status 502', { status: 502 }, 'server_error', /status 502/],
  ['status 429 without a time', { status: 429 }, 'overloaded', /rate limit/],
  ['status 503 with Retry-After', { status: 503, retryAfter: '7' }, 'overloaded', /status 503/],
  ['status 401', { status: 401 }, 'unauthorized', /key/],
  ['status 403', { status: 403 }, 'unauthorized', /key/],
  ['status 400', { status: 400 }, 'rejected', /status 400/],
  [
    'a redirect to another host',
    { redirectTo: 'http://169.254.169.254/x?y=z' },
    'wrong_address',
    /169\.254.*refused/,
  ],
  ['an HTML page with status 200', { body: 'html' }, 'unusable', /HTML page, "502 Bad Gateway"/],
  ['a success without a body', { body: 'empty' }, 'unusable', /nothing|ended|without|Invalid/],
  ['a success with other JSON', { body: 'other_json' }, 'unusable', /./],
  ['a success that is no JSON', { body: 'garbage' }, 'unusable', /./],
  ['a body that ends too early', { body: 'truncated' }, 'unreachable', /broke the connection off/],
  ['an answer of 10 MB', { answerBytes: 10_000_000 }, 'unusable', /more than 8 MiB/],
];

/** How every adapter that speaks HTTP fails, and what it never does. Runs inside a `describe`. */
export function modelFailureContract({ call, startStandIn, kind, namesModels }: CallUnderTest): void {
  for (const [title, knobs, failure, text] of KNOBS) {
    it(`takes ${title} as ${failure}`, async () => {
      await using server = await startStandIn();
      server.set({ ...knobs, faultsOn: [kind] });
      const error = await modelFailure(call(server.url, NEVER));
      assert.equal(error.failure, failure, error.message);
      assert.match(error.message, text);
      assert.equal(error.retryAfterMs, knobs.retryAfter === undefined ? null : 7000);
      assert.equal(server.counts().calls[kind], 1, 'it tried again');
    });
  }

  it(
    'names the models that exist when the model does not',
    { skip: !namesModels && 'the adapter cannot list models' },
    async () => {
      await using server = await startStandIn();
      const error = await modelFailure(call(server.url, NEVER, 'no-such-model'));
      assert.equal(error.failure, 'unknown_model', error.message);
      assert.match(error.message, /no-such-model.*it has all-minilm(:latest)?, tiny(:latest)?$/);
    },
  );

  it('takes a server that is not there as unreachable', async () => {
    const server = await startStandIn();
    await server[Symbol.asyncDispose]();
    const error = await modelFailure(call(server.url, NEVER));
    assert.equal(error.failure, 'unreachable');
    assert.match(error.message, /refuses connections/);
  });

  it('takes TLS that is none as unreachable', async () => {
    await using server = await startStandIn();
    const error = await modelFailure(call(server.url.replace('http:', 'https:'), NEVER));
    assert.equal(error.failure, 'unreachable', error.message);
  });

  it('takes a reset connection as unreachable', async () => {
    await using server = await httpServer((request) => request.socket.resetAndDestroy());
    assert.equal((await modelFailure(call(server.url, NEVER))).failure, 'unreachable');
  });

  it('takes an HTML page with status 404 as the wrong address', async () => {
    await using server = await httpServer((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Oops</title>'),
    );
    const error = await modelFailure(call(server.url, NEVER));
    assert.equal(error.failure, 'wrong_address');
    assert.match(error.message, /"Oops"; is this the address of a model server/);
  });

  it('takes a Retry-After that is a date against the date of the answer', async () => {
    const date = new Date(2026, 0, 1).toUTCString();
    const headers = { date, 'retry-after': new Date(Date.parse(date) + 90_000).toUTCString() };
    await using server = await httpServer((_, response) => response.writeHead(503, headers).end());
    const error = await modelFailure(call(server.url, NEVER));
    assert.deepEqual([error.failure, error.retryAfterMs], ['overloaded', 90_000]);
  });

  it('throws the reason of the signal and closes the connection when it is aborted', async () => {
    await using server = await startStandIn();
    server.set({ hangs: true, faultsOn: [kind] });
    const controller = new AbortController();
    const pending = call(server.url, controller.signal);
    await Promise.race([pending, server.until((counts) => counts.calls[kind] === 1)]);
    const reason = new Error('the deadline has passed');
    const began = performance.now();
    controller.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
    await server.until((counts) => counts.aborted === 1 && counts.inFlight === 0);
    assert.ok(performance.now() - began < 100);
  });

  it('sends nothing when the signal is aborted already', async () => {
    await using server = await startStandIn();
    const reason = new Error('too late');
    await assert.rejects(call(server.url, AbortSignal.abort(reason)), (error) => error === reason);
    assert.deepEqual(server.seen(), []);
  });
}

interface TestServer extends AsyncDisposable {
  readonly url: string;
}

/** A server that does what no stand-in does. */
export async function httpServer(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
