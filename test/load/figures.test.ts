import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../bench/corpus.ts';
import { judgeAnswer, type Outcome, type SeenResponse } from '../../load/check-answer.ts';
import { factDocuments, factQuestions, MAX_DOCUMENTS } from '../../load/facts.ts';
import { secondsUntilNormal } from '../../load/overload.ts';
import { replaceSection } from '../../load/page.ts';
import { arrivals, checkPlan, type LoadPlan } from '../../load/plan.ts';
import { requireValid, verdictOf, type Run, type Sample } from '../../load/run-figures.ts';

const TEXTS = { right: 'Backups run daily at 02:00.', other: 'Backups are kept for 30 days.' };
const QUESTION = { query: 'When do backups run?', documentId: 'right' };

function responseOf(body: unknown, more: Partial<SeenResponse> = {}): SeenResponse {
  return {
    status: 200,
    contentType: 'application/json',
    retryAfter: null,
    body: JSON.stringify(body),
    ...more,
  };
}

function cited(document_id: string, quote: string, start = 0): unknown {
  return { citations: [{ document_id, quote, start, end: start + quote.length }] };
}

const OVERLOADED = { status: 503, contentType: 'application/problem+json', retryAfter: '1' };

const JUDGED: readonly (readonly [title: string, outcome: Outcome, response: SeenResponse])[] = [
  ['a quote of the right document at its place', 'correct', responseOf(cited('right', 'Backups run daily'))],
  ['a quote of another document', 'wrong', responseOf(cited('other', 'Backups are kept'))],
  ['a quote at another place', 'wrong', responseOf(cited('right', 'Backups run', 3))],
  ['an empty quote', 'wrong', responseOf(cited('right', ''))],
  ['no citation', 'wrong', responseOf({ citations: [] })],
  ['nothing', 'wrong', responseOf(null)],
  ['a page of HTML', 'wrong', responseOf({}, { body: '<html>' })],
  ['overload as promised', 'refused', responseOf({ code: 'overloaded' }, OVERLOADED)],
  [
    'overload without a time',
    'error',
    responseOf({ code: 'overloaded' }, { ...OVERLOADED, retryAfter: null }),
  ],
  ['another 503', 'error', responseOf({ code: 'shutting_down' }, OVERLOADED)],
  ['a deadline', 'error', responseOf({ code: 'deadline_exceeded' }, { status: 504 })],
  ['a forged key', 'error', responseOf({ code: 'unauthorized' }, { status: 401 })],
];

describe('an answer under load', () => {
  for (const [title, outcome, response] of JUDGED) {
    it(`is ${outcome} with ${title}`, () => {
      assert.equal(judgeAnswer(response, QUESTION, TEXTS).outcome, outcome);
    });
  }

  it('shows what it lacks', () => {
    const degraded = [{ component: 'generator', mode: 'extractive' }];
    const body = { ...Object(cited('right', 'Backups')), degraded };
    assert.deepEqual(judgeAnswer(responseOf(body), QUESTION, TEXTS).degraded, ['generator=extractive']);
  });
});

function sample(outcome: Outcome, more: Partial<Sample> = {}): Sample {
  const status = { correct: 200, wrong: 200, refused: 503, error: 500, failed: 0 }[outcome];
  return { scheduledMs: 0, lateMs: 0, latencyMs: 1, outcome, status, degraded: [], ...more };
}

function runOf(...parts: readonly (readonly [count: number, one: Sample])[]): Run {
  const samples = parts.flatMap(([count, one]) => Array.from({ length: count }, () => one));
  return { scheduled: samples.length, seconds: 1, samples };
}

function sampleAt(second: number, outcome: Outcome, latencyMs = 1): Sample {
  return sample(outcome, { scheduledMs: second * 1000 + 500, latencyMs });
}

function fourSeconds(...samples: readonly Sample[]): Run {
  return { scheduled: samples.length, seconds: 4, samples };
}

describe('a run', () => {
  const rules = { mayRefuse: true };

  it('is valid with 99.9 % correct answers', () => {
    assert.equal(verdictOf(runOf([999, sample('correct')], [1, sample('wrong')]), rules).isValid, true);
    assert.equal(verdictOf(runOf([998, sample('correct')], [2, sample('wrong')]), rules).isValid, false);
  });

  it('may hold refusals only where overload is measured', () => {
    const run = runOf([10, sample('correct')], [90, sample('refused')]);
    assert.equal(verdictOf(run, rules).isValid, true);
    assert.equal(verdictOf(run, { mayRefuse: false }).isValid, false);
  });

  it('is void with one question that was not sent, or turned away', () => {
    const run = runOf([9999, sample('correct')]);
    assert.equal(verdictOf({ ...run, scheduled: 10_000 }, rules).isValid, false);
    for (const status of [401, 403, 429]) {
      const turnedAway = runOf([9999, sample('correct')], [1, sample('error', { status })]);
      const verdict = verdictOf(turnedAway, rules);
      assert.match(verdict.isValid ? '' : verdict.reason, new RegExp(`status ${status}`));
    }
  });

  it('is void with nothing but refusals, and cannot be reported', () => {
    assert.throws(
      () => requireValid('r', runOf([9, sample('refused')]), rules),
      /INVALID RUN "r": no answer/,
    );
  });

  it('is normal again after the last second with a refusal or slow answers', () => {
    const calm = [0, 1, 2, 3].map((second) => sampleAt(second, 'correct'));
    assert.equal(secondsUntilNormal(fourSeconds(...calm), 10), 0);
    assert.equal(secondsUntilNormal(fourSeconds(...calm, sampleAt(1, 'refused')), 10), 2);
    assert.equal(secondsUntilNormal(fourSeconds(sampleAt(0, 'correct', 50), ...calm.slice(1)), 10), 1);
  });
});

describe('a plan', () => {
  const plan: LoadPlan = {
    address: 'http://127.0.0.1:8600',
    collection: 'facts',
    questions: [QUESTION],
    texts: TEXTS,
    seconds: 1,
    model: { kind: 'open', perSecond: 10, seed: 1 },
  };

  it('leads to this machine only, and is bounded in time and rate', () => {
    assert.equal(checkPlan(plan), plan);
    assert.equal(checkPlan({ ...plan, address: 'http://[::1]:1' }).seconds, 1);
    const wrong: readonly Partial<LoadPlan>[] = [
      { address: 'http://example.org' },
      { address: 'http://127.0.0.1.example.org' },
      { seconds: 121 },
      { seconds: 0 },
      { seconds: Number.NaN },
      { model: { kind: 'open', perSecond: 5001, seed: 1 } },
      { model: { kind: 'closed', connections: 65 } },
      { questions: [] },
    ];
    for (const change of wrong) assert.throws(() => checkPlan({ ...plan, ...change }), RangeError);
  });

  it('sends at random moments that are always the same', () => {
    const moments = arrivals(200, 50, seededRandom(3));
    assert.deepEqual(moments, arrivals(200, 50, seededRandom(3)));
    assert.ok(Math.abs(moments.length - 10_000) < 300, `${moments.length}`);
    assert.ok(moments.every((moment, at) => moment > (moments[at - 1] ?? 0) && moment < 50_000));
  });
});

describe('facts', () => {
  it('stand in one document each, and every question has one', () => {
    const documents = factDocuments(MAX_DOCUMENTS);
    assert.equal(new Set(documents.map(({ key }) => key)).size, MAX_DOCUMENTS);
    const questions = factQuestions(30);
    assert.equal(new Set(questions.map(({ query }) => query)).size, 900);
    const keys = new Set(documents.slice(0, 30).map(({ key }) => key));
    assert.ok(questions.every(({ key }) => keys.has(key)));
    assert.throws(() => factDocuments(MAX_DOCUMENTS + 1), RangeError);
  });
});

describe('a section of the page', () => {
  it('is replaced between its markers, and nothing else', () => {
    const page = 'a\n<!-- begin of x -->\nold\n<!-- end of x -->\nb\n';
    const once = replaceSection(page, 'x', 'new');
    assert.equal(once, 'a\n<!-- begin of x -->\n\nnew\n\n<!-- end of x -->\nb\n');
    assert.equal(replaceSection(once, 'x', 'new'), once);
    assert.throws(() => replaceSection(page, 'y', 'new'), /lacks the markers/);
  });
});
