import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_REQUEST, SAMPLE_RESPONSE } from '../../bench/sample-question.ts';
import type { AskResponse } from '../core/answer/answer.ts';
import type { Asking } from '../core/answer/create-ask.ts';
import { HoldfastError, type ErrorCode } from '../core/errors.ts';
import { systemClock } from '../lib/clock.ts';
import { measuredAsking } from './measured-asking.ts';
import type { MeasuredQuestion } from './metrics.ts';

const NEVER = new AbortController().signal;

function measured(respond: () => Promise<AskResponse>) {
  const questions: MeasuredQuestion[] = [];
  const asking: Asking = {
    ask: respond,
    search: respond,
    async *askStream() {
      yield { type: 'delta', data: { text: 'At' } };
      yield { type: 'final', data: await respond() };
    },
  };
  const metrics = { question: (question: MeasuredQuestion) => void questions.push(question) };
  return { asking: measuredAsking(asking, metrics, systemClock), questions };
}

/** What is measured of a question, of a search and of a stream. */
async function outcomes(respond: () => Promise<AskResponse>, signal = NEVER): Promise<readonly string[]> {
  const { asking, questions } = measured(respond);
  const read = async (): Promise<void> => {
    for await (const _ of asking.askStream(SAMPLE_REQUEST, signal));
  };
  await Promise.allSettled([asking.ask(SAMPLE_REQUEST, signal)]);
  await Promise.allSettled([asking.search(SAMPLE_REQUEST, signal)]);
  await Promise.allSettled([read()]);
  return questions.map(({ kind, outcome }) => `${kind} ${outcome}`);
}

function all(outcome: string): readonly string[] {
  return [`answer ${outcome}`, `search ${outcome}`, `answer ${outcome}`];
}

function failing(code: ErrorCode): () => Promise<AskResponse> {
  return async () => Promise.reject(new HoldfastError(code, 'because'));
}

test('measures each question once, by what came of it', async () => {
  assert.deepEqual(await outcomes(async () => SAMPLE_RESPONSE), all('answered'));
  const since = '2026-01-01T00:00:00.000Z';
  const lost = { component: 'reranker', mode: 'fused_order', reason: 'away', since };
  assert.deepEqual(await outcomes(async () => ({ ...SAMPLE_RESPONSE, degraded: [lost] })), all('degraded'));
  const refused: AskResponse = { ...SAMPLE_RESPONSE, answer: { ...SAMPLE_RESPONSE.answer, refused: true } };
  assert.deepEqual(await outcomes(async () => refused), all('refused'));
});

test('tells overload and a passed deadline from failures and from clients that leave', async () => {
  assert.deepEqual(await outcomes(failing('overloaded')), all('overloaded'));
  assert.deepEqual(await outcomes(failing('storage_failed')), all('failed'));
  const ends = [
    [new HoldfastError('deadline_exceeded', 'too late'), 'timed_out'],
    [new HoldfastError('shutting_down', 'stopping'), 'failed'],
    [new DOMException('The client went away', 'AbortError'), 'left'],
  ] as const;
  for (const [reason, outcome] of ends) {
    const signal = AbortSignal.abort(reason);
    assert.deepEqual(await outcomes(async () => Promise.reject(reason), signal), all(outcome));
  }
});

test('a stream whose reader stops reading was left', async () => {
  const { asking, questions } = measured(async () => SAMPLE_RESPONSE);
  for await (const _ of asking.askStream(SAMPLE_REQUEST, NEVER)) break;
  assert.deepEqual(
    questions.map(({ outcome }) => outcome),
    ['left'],
  );
});
