import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/core/errors.ts';
import { problemSchema, type WireProblem } from '../../src/http/contract/problem.ts';
import type { RawResponse } from './harness.ts';

/** The problem details of a response that must carry this status and code. */
export function problemOf(response: RawResponse, status: number, code: ErrorCode): WireProblem {
  assert.equal(response.status, status, response.body);
  assert.match(response.headers['content-type'] ?? '', /^application\/problem\+json/);
  const problem = problemSchema.parse(JSON.parse(response.body));
  assert.equal(problem.code, code, response.body);
  assert.equal(problem.status, status);
  assert.equal(problem.request_id, response.headers['x-request-id']);
  assert.equal(problem.type, `/docs/errors#${code}`);
  return problem;
}
