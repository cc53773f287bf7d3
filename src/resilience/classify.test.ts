import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify, FAULTS, verdictOf, type Fault, type Outcome } from './classify.ts';
import {
  BreakerDisabledError,
  BreakerOpenError,
  BulkheadFullError,
  DeadlineError,
  ShedError,
  TimeoutError,
} from './errors.ts';

function carrying(facts: object): Error {
  return Object.assign(new Error('x'), facts);
}

const ROWS: Readonly<
  Record<Fault, readonly [outcome: Outcome, isRetryable: boolean, examples: readonly unknown[]]>
> = {
  unreachable: [
    'failure',
    true,
    [
      carrying({ code: 'ECONNREFUSED' }),
      carrying({ code: 'ENOTFOUND' }),
      carrying({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
      new TypeError('fetch failed', { cause: carrying({ code: 'ECONNRESET' }) }),
      carrying({ failure: 'unreachable' }),
    ],
  ],
  timeout: [
    'failure',
    false,
    [
      new TimeoutError('x', 5),
      new DOMException('x', 'TimeoutError'),
      carrying({ code: 'UND_ERR_HEADERS_TIMEOUT' }),
      carrying({ failure: 'timeout' }),
    ],
  ],
  server_error: [
    'failure',
    true,
    [carrying({ status: 500 }), carrying({ status: 503 }), carrying({ status: 599 })],
  ],
  protocol_error: ['failure', true, [carrying({ code: 'HPE_INVALID_CONSTANT' }), new SyntaxError('no JSON')]],
  unusable: [
    'failure',
    false,
    [carrying({ fault: 'unusable' }), carrying({ failure: 'unusable', status: 200 })],
  ],
  overloaded: [
    'pushback',
    true,
    [
      carrying({ status: 429 }),
      carrying({ status: 503, retryAfterMs: 1000 }),
      carrying({ failure: 'overloaded' }),
    ],
  ],
  unauthorized: ['ignored', false, [carrying({ status: 401 }), carrying({ status: 403 })]],
  unknown_model: ['ignored', false, [carrying({ failure: 'unknown_model' })]],
  wrong_address: ['ignored', false, [carrying({ failure: 'wrong_address' })]],
  warming: ['ignored', false, [carrying({ failure: 'warming' })]],
  rejected: [
    'ignored',
    false,
    [carrying({ status: 400 }), carrying({ status: 404 }), carrying({ status: 422 })],
  ],
  caller_aborted: ['ignored', false, [new DOMException('x', 'AbortError')]],
  deadline: ['ignored', false, [new DeadlineError('x'), carrying({ code: 'deadline_exceeded' })]],
  not_admitted: [
    'ignored',
    false,
    [new BreakerOpenError('x', 'open', 5), new BulkheadFullError('x', 'waited', 5), new ShedError('x')],
  ],
  unknown: [
    'failure',
    false,
    [
      new Error('x'),
      'text',
      null,
      undefined,
      carrying({ status: 302 }),
      carrying({ code: 42 }),
      new BreakerDisabledError('x'),
    ],
  ],
};

for (const fault of Object.keys(FAULTS) as Fault[]) {
  const [outcome, isRetryable, examples] = ROWS[fault];
  test(`${fault} counts as ${outcome} and ${isRetryable ? 'may' : 'must not'} be retried (R7)`, () => {
    assert.deepEqual(verdictOf(fault), { fault, outcome, isRetryable, retryAfterMs: null });
    for (const example of examples) assert.equal(classify(example).fault, fault, String(example));
  });
}

test('keeps how long the server asked to wait', () => {
  assert.equal(classify(carrying({ failure: 'overloaded', retryAfterMs: 1500 })).retryAfterMs, 1500);
  assert.equal(classify(carrying({ failure: 'overloaded', retryAfterMs: null })).retryAfterMs, null);
  assert.equal(classify(carrying({ status: 429, retryAfterMs: -1 })).retryAfterMs, null);
});

test('looks four causes deep and no deeper', () => {
  const deep = (levels: number): Error =>
    levels === 0 ? carrying({ code: 'EPIPE' }) : new Error('x', { cause: deep(levels - 1) });
  assert.equal(classify(deep(3)).fault, 'unreachable');
  assert.equal(classify(deep(4)).fault, 'unknown');
});
